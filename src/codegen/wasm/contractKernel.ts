import { type Axis, apply, domainSize, int, type Loop } from '../../loops/index.ts';
import { lineAligned } from '../../runtime/wasm/program.ts';
import { Code, driver, i32, minus, plus, times } from './code.ts';
import { type Contract, emitContract, packedUnits, slidExtent, sumsTensor } from './contract.ts';
import type { Evaluator, Place } from './evaluate.ts';
import type { Functions, Inside, Runnable } from './functions.ts';
import { endOf } from './nest.ts';
import { emitPacking, type PackTexts } from './packing.ts';
import { type GroupSchedule, type LoopSchedule, packTasks } from './schedule.ts';
import { type Side, unitsOf } from './sides.ts';
import { emitWindowCopy } from './windowKernel.ts';

/** Writes the functions of a kernel's contractions, and says where their operands and sums lie. */
export class ContractWriter {
  /** What threads do together before: the packing of sides that need nothing of the kernel. */
  readonly packs: Runnable[] = [];
  /** Bytes of the sides that are packed so. */
  packedBytes = 0;
  readonly #functions: Functions;
  readonly #packedAt: number;

  /** @param packedAt address from which packed operands lie */
  constructor(functions: Functions, packedAt: number) {
    this.#functions = functions;
    this.#packedAt = packedAt;
  }

  /** Writes the functions of a contraction. @returns what the group's function does, and where its scratch ends */
  write(
    loop: Loop,
    contract: Extract<LoopSchedule, { kind: 'contract' }>,
    inside: Inside,
    first: Axis,
    scratch: number,
    schedule: GroupSchedule,
  ): { lines: string[]; end: number } {
    const { cut, whole, packedBefore } = contract;
    const panelsAt = scratch;
    const sumsAt = panelsAt + lineAligned(contract.cutBytes);
    const ownWholeAt = sumsAt + lineAligned(contract.sumBytes);
    const wholeAt = packedBefore ? this.#packedAt + this.packedBytes : ownWholeAt;
    const wholeText = packedBefore ? i32(wholeAt) : atScratch(wholeAt);
    // What is packed before the rows of a block are computed knows no block.
    const packWhole = this.#pack(loop, contract, whole, inside, packedBefore ? undefined : first);
    const packCut = this.#pack(loop, contract, cut, inside, first);
    if (packedBefore) {
      this.packs.push(this.#packTask(loop, contract, packWhole, wholeAt));
      this.packedBytes += lineAligned(contract.packedBytes * contract.packedSets);
    }
    const sums = sumsTensor(contract);
    const sumsPlace: Place = {
      address: sumsAt,
      base: '(global.get $scratch)',
      isSafe: true,
      index: ([row = int(0), column = int(0)]) =>
        apply('add', apply('mul', row, int(Number(sums.shape[1]))), column),
    };
    const params = ['set', 'from', 'to', 'first'];
    const places = new Map([...inside, [sums, sumsPlace]]);
    const { name, code, evaluator } = this.#functions.begin(loop.name, params, places, first);
    const setBytes = contract.packedSets > 1 ? times('(local.get $set)', i32(contract.packedBytes)) : i32(0);
    const texts = {
      set: '(local.get $set)',
      from: '(local.get $from)',
      to: '(local.get $to)',
      panels: atScratch(panelsAt),
      sums: atScratch(sumsAt),
      whole: packedBefore ? plus(wholeText, setBytes) : wholeText,
      pack: ([begin, end]: readonly [string, string], panelBytes: string) =>
        `(call $${packCut} (local.get $set) (local.get $from) (local.get $to) ${begin} ${end} ${panelBytes} ${atScratch(panelsAt)} (local.get $first))`,
    };
    emitContract(evaluator, loop, contract, texts, sums);
    this.#functions.finish(code, loop);
    const range = rangeOf(contract, schedule);
    const lines: string[] = [];
    if (!packedBefore) {
      const units = i32(unitsOf(whole));
      const all = stepsEnd(loop, this.#functions.asked());
      const panelBytes = i32(4 * contract.steps * whole.width);
      lines.push(
        `(call $${packWhole} ${range.set} (i32.const 0) ${units} (i32.const 0) ${all} ${panelBytes} ${wholeText} (local.get $low))`,
      );
    }
    const called = isOneBlock(contract, schedule) ? name : this.#blocks(name, loop, contract);
    lines.push(`(call $${called} ${range.set} ${range.from} ${range.to} (local.get $low))`);
    return { lines, end: packedBefore ? ownWholeAt : ownWholeAt + lineAligned(contract.packedBytes) };
  }

  /** A function that goes through units block by block; none of windows crosses where their last axis begins again. */
  #blocks(name: string, loop: Loop, contract: Contract): string {
    const own = this.#functions.fresh(`${loop.name}_blocks`);
    const code = new Code(
      own,
      ['set', 'from', 'to', 'first'].map((p) => ({ name: p, type: 'i32' as const })),
    );
    const [begin, end] = [code.local('begin', 'i32'), code.local('end', 'i32')];
    const clip = (to: string): void =>
      code.line(`(if (i32.gt_s (local.get ${end}) ${to}) (then (local.set ${end} ${to})))`);
    code.line(`(local.set ${begin} (local.get $from))`);
    code.line('(loop $next');
    code.line(`(local.set ${end} (i32.add (local.get ${begin}) ${i32(contract.block)}))`);
    if (contract.window !== null) {
      const extent = i32(slidExtent(contract.cut));
      const turn = `(i32.add (i32.div_u (local.get ${begin}) ${extent}) (i32.const 1))`;
      clip(code.let('stop', 'i32', `(i32.mul ${turn} ${extent})`));
    }
    clip('(local.get $to)');
    code.line(`(call $${name} (local.get $set) (local.get ${begin}) (local.get ${end}) (local.get $first))`);
    code.line(`(br_if $next (i32.lt_s (local.tee ${begin} (local.get ${end})) (local.get $to))))`);
    this.#functions.finish(code);
    return own;
  }

  /** The function that packs units of a side: of a set, for a part of the outermost reduction axis. */
  #pack(loop: Loop, contract: Contract, side: Side, inside: Inside, first: Axis | undefined): string {
    const params = ['set', 'from', 'to', 'begin', 'end', 'panel_bytes', 'out', 'first'];
    const { name, code, evaluator } = this.#functions.begin(
      `${loop.name}_${side.kind}`,
      params,
      inside,
      first,
    );
    const texts: PackTexts = {
      set: '(local.get $set)',
      from: '(local.get $from)',
      to: '(local.get $to)',
      part: ['(local.get $begin)', '(local.get $end)'],
      panelBytes: '(local.get $panel_bytes)',
      out: '(local.get $out)',
    };
    const { tiled, cut, window, cutFacts, wholeFacts } = contract;
    if (side === cut && window !== null) emitWindowCopy(evaluator, loop, tiled, side, window, texts);
    else emitPacking(evaluator, loop, tiled, side, texts, side === cut ? cutFacts : wholeFacts);
    this.#functions.finish(code);
    return name;
  }

  /** The function by which threads share the packing of a side: some panels a task. */
  #packTask(loop: Loop, contract: Contract, pack: string, address: number): Runnable {
    const run = this.#functions.fresh(`${loop.name}_pack`);
    const code = new Code(run, [{ name: 'task', type: 'i32' }]);
    const { whole } = contract;
    const [units, each] = [unitsOf(whole), packedUnits(contract)];
    const perSet = Math.ceil(units / each);
    const task = '(local.get $task)';
    const isOne = contract.packedSets === 1;
    const set = isOne ? i32(0) : code.let('set', 'i32', `(i32.div_u ${task} ${i32(perSet)})`);
    const within = isOne ? task : `(i32.rem_u ${task} ${i32(perSet)})`;
    const from = code.let('from', 'i32', times(within, i32(each)));
    const next = `(i32.add ${from} ${i32(each)})`;
    const to = `(select ${next} ${i32(units)} (i32.lt_s ${next} ${i32(units)}))`;
    const panelBytes = 4 * contract.steps * whole.width;
    const unitBytes =
      whole.outer.length > 0 ? (panelBytes * whole.line) / whole.width : panelBytes / whole.width;
    const out = plus(plus(i32(address), times(set, i32(contract.packedBytes))), times(from, i32(unitBytes)));
    const end = stepsEnd(loop, this.#functions.evaluator(code));
    code.line(
      `(call $${pack} ${set} ${from} ${to} (i32.const 0) ${end} ${i32(panelBytes)} ${out} (i32.const 0))`,
    );
    this.#functions.finish(code);
    return { run, tasks: packTasks(contract) };
  }
}

/** Whether the units of every task are one block. */
function isOneBlock({ cut, block, perSet, window }: Contract, schedule: GroupSchedule): boolean {
  const perRow = unitsOf(cut) / Math.max(1, perSet);
  if (schedule.block * perRow > block) return false;
  const extent = slidExtent(cut);
  const isWithin = extent === unitsOf(cut) || schedule.perBatch * perRow === extent;
  return window === null || isWithin || (schedule.block === 1 && (perRow === 1 || perRow === extent));
}

/** Where a contraction's outermost reduction axis ends. */
function stepsEnd(loop: Loop, evaluator: Evaluator): string {
  return endOf(evaluator, loop.reduceAxes[0] ?? driver('one', 1));
}

/** A task's units of a contraction, as texts: its set, and where they begin and end in it. */
function rangeOf(
  { cut, perSet, tiled }: Contract,
  schedule: GroupSchedule,
): { readonly set: string; readonly from: string; readonly to: string } {
  const perRow = i32(unitsOf(cut) / Math.max(1, perSet));
  const [low, high] = ['(local.get $low)', '(local.get $high)'];
  if (domainSize(tiled.sets) === 1 || schedule.rows === perSet)
    return { set: i32(0), from: times(low, perRow), to: times(high, perRow) };
  const set = `(i32.div_u ${low} ${i32(perSet)})`;
  const start = times(set, i32(perSet));
  return { set, from: times(minus(low, start), perRow), to: times(minus(high, start), perRow) };
}

function atScratch(bytes: number): string {
  return bytes === 0 ? '(global.get $scratch)' : `(i32.add (global.get $scratch) ${i32(bytes)})`;
}
