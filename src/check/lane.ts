import type { Given } from '../reference/index.ts';
import { DeviceError } from '../runtime/index.ts';
import type { Difference } from './closeness.ts';
import { type Finding, locate } from './locate.ts';
import { compareStep, type ExpectedStep, type Plan, type Play, type TensorPlace } from './plays.ts';
import type { Runner, Running } from './runner.ts';

/** How a target did: plain data. */
export interface TargetResult {
  readonly name: string;
  readonly device: string;
  /**
   * `agrees`: within the tolerance; `rounding`: beyond it, by no fault of the target; `differs`; `failed`: the device
   * did not run it.
   */
  readonly status: 'agrees' | 'rounding' | 'differs' | 'failed';
  /** Steps that it took, of all entries together. */
  readonly steps: number;
  /** The largest difference of all steps, and where; null where nothing was compared. */
  readonly worst: Worst | null;
  /** Why it differs. */
  readonly finding: Finding | null;
  /** Why it failed. */
  readonly failure: string | null;
}

/** A difference and its place. */
export interface Worst extends Play, Difference {
  readonly place: TensorPlace;
}

/** One target beside the reference: takes the same steps, and remembers its largest difference. */
export class Lane {
  readonly runner: Runner;
  readonly #plan: Plan;
  #running: Running | undefined;
  #steps = 0;
  #worst: Worst | undefined;
  #failure: string | undefined;

  constructor(runner: Runner, plan: Plan) {
    this.runner = runner;
    this.#plan = plan;
  }

  /** Whether it differs by more than the tolerance. */
  get differs(): boolean {
    return this.#worst?.differs === true;
  }

  /** Compiles the module and draws its first values. */
  async start(): Promise<void> {
    const { module, seed } = this.#plan;
    await this.#attempt(async () => {
      this.#running = await this.runner.start(module, { seed });
    });
  }

  /** Takes one step as `take` does, and compares nothing. */
  async run({ entry }: Play, inputs: Readonly<Record<string, Given>>): Promise<void> {
    const running = this.#running;
    if (running === undefined || this.#failure !== undefined) return;
    await this.#attempt(async () => {
      await running.step(entry, inputs);
      this.#steps++;
    });
  }

  /** Takes one step, from where the one before left its states, and compares what came of it. */
  async take(play: Play, inputs: Readonly<Record<string, Given>>, expected: ExpectedStep): Promise<void> {
    const running = this.#running;
    if (running === undefined || this.#failure !== undefined) return;
    await this.#attempt(async () => {
      const outputs = await running.step(play.entry, inputs);
      for (const { place, difference } of await compareStep(
        running,
        outputs,
        expected,
        this.#plan.tolerance,
      )) {
        if (this.#worst === undefined || isWorse(difference, this.#worst))
          this.#worst = { ...play, ...difference, place };
      }
      this.#steps++;
    });
  }

  /** How it did; where it differs, this looks for the reason. */
  async result(): Promise<TargetResult> {
    let finding: Finding | undefined;
    if (this.differs && this.#failure === undefined) {
      await this.#attempt(async () => {
        finding = await locate(this.#plan, this.runner);
      });
    }
    return {
      name: this.runner.name,
      device: this.runner.device,
      status: statusOf(this.#failure, this.differs, finding),
      steps: this.#steps,
      worst: this.#worst ?? null,
      finding: finding ?? null,
      failure: this.#failure ?? null,
    };
  }

  /** Ends its session. */
  dispose(): void {
    this.#running?.dispose();
    this.#running = undefined;
  }

  /** What a device refuses is a result; anything else is a fault of ours. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#failure = error.message;
    }
  }
}

function statusOf(
  failure: string | undefined,
  differs: boolean,
  finding: Finding | undefined,
): TargetResult['status'] {
  if (failure !== undefined) return 'failed';
  if (!differs) return 'agrees';
  return finding?.kind === 'rounding' || finding?.kind === 'drift' ? 'rounding' : 'differs';
}

function isWorse(a: Difference, b: Difference): boolean {
  return a.excess > b.excess;
}
