import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

/** Who takes steps: a program that answers each line `COUNT` with one line of JSON, `Taken`. */
export interface Runner {
  readonly name: string;
  readonly command: readonly [file: string, ...args: string[]];
}

/** What some steps took, and the mean of their losses. */
export interface Taken {
  readonly milliseconds: number;
  readonly loss: number;
}

/** A runner's process; one that waits for its turn takes no time of the processor. */
export class Running {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(name: string, child: ChildProcess, reader: Interface) {
    this.name = name;
    this.#child = child;
    this.#reader = reader;
    this.#lines = reader[Symbol.asyncIterator]();
  }

  static start({ name, command }: Runner): Running {
    const [file, ...args] = command;
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Running(name, child, createInterface({ input: child.stdout }));
  }

  /** @throws Error where the process ends instead */
  async take(steps: number): Promise<Taken> {
    this.#child.stdin?.write(`${steps}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended before it had taken ${steps} steps`);
    return JSON.parse(value);
  }

  /** Lets it end by itself. */
  end(): void {
    this.#child.stdin?.end();
    this.#reader.close();
  }
}
