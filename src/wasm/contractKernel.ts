import { tensorSize } from '../loops/edges.ts';
import {
  type Axis,
  apply,
  domainSize,
  type Expr,
  int,
  type Loop,
  liveDomain,
  type Tensor,
} from '../loops/index.ts';
import { lineAligned } from '../runtime/wasm/program.ts';
import type { Location } from './addresses.ts';
import { addressText, Code, driver, i32, minus, plus, times, upwards } from './code.ts';
import { type Contract, packedUnits, type Split, slidExtent, sumsTensor } from './contract.ts';
import { emitOutputs, emitSums, type PartTexts } from './contractSums.ts';
import type { Evaluator } from './evaluate.ts';
import type { Functions, Inside, Runnable } from './functions.ts';
import { endOf } from './nest.ts';
import { emitPacking, type PackTexts } from './packing.ts';
import type { GroupSchedule, LoopSchedule } from './schedule.ts';
import { liveUnits, outerSets, type Side, type Tiled, unitsOf } from './sides.ts';
import { emitWindowCopy } from './windowKernel.ts';

/** Writes the functions of a kernel's contractions, and says where their operands and sums lie. */
export class ContractWriter {
  /** What threads do together before: the packing of sides that need nothing of the kernel. */
  readonly packs: Runnable[] = [];
  /** What they do together after: the adding up of parts. */
  readonly sums: Runnable[] = [];
  /** Bytes of the sides that are packed so, and of parts. */
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
    if (contract.split !== null) return this.#split(loop, contract, contract.split, inside, scratch);
    const panelsAt = scratch;
    const sumsFrom = panelsAt + lineAligned(contract.cutBytes);
    const runSumsAt = sumsFrom + lineAligned(contract.sumBytes);
    const ownWholeAt = runSumsAt + contract.runs.levels * lineAligned(contract.sumBytes);
    const wholeAt = packedBefore ? this.#packedAt + this.packedBytes : ownWholeAt;
    const wholeText = packedBefore ? addressText(wholeAt) : atScratch(wholeAt);
    // What is packed before the rows of a block are computed knows no block.
    const packWhole = this.#pack(loop, contract, whole, inside, packedBefore ? undefined : first);
    const packCut = this.#pack(loop, contract, cut, inside, first);
    if (packedBefore) {
      this.packs.push(this.#packTask(loop, contract, packWhole, wholeAt));
      this.packedBytes += lineAligned(contract.packedBytes * contract.packedSets);
    }
    const [sums, sumsPlace] = sumsAt(contract, contract.block, sumsFrom);
    const params = ['set', 'from', 'to', 'first'];
    const places = new Map([...inside, [sums, sumsPlace]]);
    const { name, code, evaluator } = this.#functions.begin(loop.name, params, places, first);
    const setBytes = contract.packedSets > 1 ? times('(local.get $set)', i32(contract.packedBytes)) : i32(0);
    const texts = {
      set: '(local.get $set)',
      from: '(local.get $from)',
      to: '(local.get $to)',
      wholePanels: this.#wholePanels(whole),
      panels: atScratch(panelsAt),
      sums: atScratch(sumsFrom),
      runSums: (level: number) => atScratch(runSumsAt + level * lineAligned(contract.sumBytes)),
      whole: packedBefore ? plus(wholeText, setBytes) : wholeText,
      part: [i32(0), stepsEnd(contract.tiled, evaluator)] as const,
      pack: ([begin, end]: PartTexts, panelBytes: string) =>
        `(call $${packCut} (local.get $set) (local.get $from) (local.get $to) ${begin} ${end} ${panelBytes} ${atScratch(panelsAt)} (local.get $first))`,
    };
    emitSums(evaluator, contract, texts);
    emitOutputs(evaluator, loop, contract, texts, sums);
    this.#functions.finish(code, loop);
    const range = rangeOf(contract, schedule);
    const lines: string[] = [];
    let called = isOneBlock(contract, schedule) ? name : this.#blocks(name, loop, contract);
    const packed = (set: string, first: string): string[] => {
      if (packedBefore) return [];
      const units = this.#functions.live(liveUnits(whole));
      const all = stepsEnd(contract.tiled, this.#functions.asked());
      const panelBytes = i32(4 * contract.steps * whole.width);
      return [
        `(call $${packWhole} ${set} (i32.const 0) ${units} (i32.const 0) ${all} ${panelBytes} ${wholeText} ${first})`,
      ];
    };
    const isSame = contract.packedSets === 1;
    if (domainSize(contract.tiled.inside) === 1) lines.push(...packed(range.set, '(local.get $low)'));
    else {
      if (isSame) lines.push(...packed(i32(0), '(local.get $low)'));
      const each = isSame ? () => [] : (set: string) => packed(set, '(local.get $first)');
      called = this.#sets(called, loop, contract, each);
    }
    lines.push(`(call $${called} ${range.set} ${range.from} ${range.to} (local.get $low))`);
    return { lines, end: packedBefore ? ownWholeAt : ownWholeAt + lineAligned(contract.packedBytes) };
  }

  /**
   * The functions of a reduction in parts: one adds up the part of a task, of all units, and packs both sides for it; the
   * other adds up the parts of some units and computes their outputs, in a sweep of its own.
   */
  #split(
    loop: Loop,
    contract: Contract,
    split: Split,
    inside: Inside,
    scratch: number,
  ): { lines: string[]; end: number } {
    const { cut, whole, tiled, sumBytes } = contract;
    const [packCut, packWhole] = [cut, whole].map((side) =>
      this.#pack(loop, contract, side, inside, undefined),
    );
    const wholeAt = scratch + lineAligned(contract.cutBytes);
    const runSumsAt = wholeAt + lineAligned(contract.packedBytes);
    const partsAt = this.#packedAt + this.packedBytes;
    this.packedBytes += lineAligned(split.parts * sumBytes);
    const { name, code, evaluator } = this.#functions.begin(`${loop.name}_part`, ['part'], inside);
    const begin = code.let('begin', 'i32', times('(local.get $part)', i32(split.perPart)));
    const least = (a: string, b: string): string => `(select ${a} ${b} (i32.lt_s ${a} ${b}))`;
    const next = code.let('next', 'i32', plus(begin, i32(split.perPart)));
    const last = code.let('last', 'i32', least(next, stepsEnd(tiled, evaluator)));
    // A part may lie beyond a live extent.
    const end = code.let('end', 'i32', `(select ${last} ${begin} (i32.gt_s ${last} ${begin}))`);
    const packed =
      (pack: string | undefined, side: Side, out: string) =>
      ([first, stop]: PartTexts, panelBytes: string): string => {
        const units = this.#functions.live(liveUnits(side));
        const call = `(call $${pack} (i32.const 0) (i32.const 0) ${units} ${first} ${stop} ${panelBytes} ${out} (i32.const 0))`;
        // What packing reads outside of its loops may not be there for a part that is empty.
        return `(if (i32.lt_s ${first} ${stop}) (then ${call}))`;
      };
    emitSums(evaluator, contract, {
      set: i32(0),
      from: i32(0),
      to: this.#functions.live(liveUnits(cut)),
      wholePanels: this.#wholePanels(whole),
      panels: atScratch(scratch),
      sums: plus(addressText(partsAt), times('(local.get $part)', i32(sumBytes))),
      runSums: (level) => atScratch(runSumsAt + level * lineAligned(sumBytes)),
      whole: atScratch(wholeAt),
      part: [begin, end],
      pack: packed(packCut, cut, atScratch(scratch)),
      packWhole: packed(packWhole, whole, atScratch(wholeAt)),
    });
    this.#functions.finish(code, loop);
    this.sums.push(this.#addParts(loop, contract, split, inside, partsAt));
    const own = 4 * tensorSize(sumsTensor(contract, split.units));
    return {
      lines: [`(call $${name} (local.get $low))`],
      end: Math.max(runSumsAt + contract.runs.levels * lineAligned(sumBytes), own),
    };
  }

  /** The function that adds up the parts of some units, in the order of the reduction, and computes their outputs. */
  #addParts(loop: Loop, contract: Contract, split: Split, inside: Inside, partsAt: number): Runnable {
    const { cut, sumBytes } = contract;
    const [sums, place] = sumsAt(contract, split.units, 0);
    const { name, code, evaluator } = this.#functions.begin(
      loop.name,
      ['task'],
      new Map([...inside, [sums, place]]),
    );
    const units = this.#functions.live(liveUnits(cut));
    const from = code.let('from', 'i32', times('(local.get $task)', i32(split.units)));
    const next = `(i32.add ${from} ${i32(split.units)})`;
    const to = code.let('to', 'i32', `(select ${next} ${units} (i32.lt_s ${next} ${units}))`);
    const unitBytes = 4 * Number(sums.shape[1]) * (cut.outer.length > 0 ? cut.line : 1);
    const [part, at, end] = [code.local('part', 'i32'), code.local('at', 'i32'), code.local('end', 'i32')];
    code.line(`(local.set ${part} ${plus(addressText(partsAt), times(from, i32(unitBytes)))})`);
    code.line(`(local.set ${at} (global.get $scratch))`);
    code.line(`(local.set ${end} ${plus('(global.get $scratch)', times(minus(to, from), i32(unitBytes)))})`);
    const four = code.local('four', 'v128');
    const other = code.local('other', 'i32');
    code.line('(loop $next');
    code.line(`  (local.set ${other} (local.get ${part}))`);
    code.line(`  (local.set ${four} (v128.load (local.get ${part})))`);
    for (let p = 1; p < split.parts; p++) {
      code.line(`  (local.set ${other} (i32.add (local.get ${other}) ${i32(sumBytes)}))`);
      code.line(`  (local.set ${four} (f32x4.add (local.get ${four}) (v128.load (local.get ${other}))))`);
    }
    code.line(`  (v128.store (local.get ${at}) (local.get ${four}))`);
    code.line(`  (local.set ${part} (i32.add (local.get ${part}) (i32.const 16)))`);
    code.line(
      `  (br_if $next (i32.lt_s (local.tee ${at} (i32.add (local.get ${at}) (i32.const 16))) (local.get ${end}))))`,
    );
    emitOutputs(evaluator, loop, contract, { set: i32(0), from, to }, sums);
    this.#functions.finish(code, loop);
    return { run: name, tasks: upwards(units, split.units) };
  }

  /**
   * A function that goes through the sets inside of one of the program's.
   *
   * @param each what packs the whole side of a set
   */
  #sets(name: string, loop: Loop, { tiled }: Contract, each: (set: string) => readonly string[]): string {
    const own = this.#functions.fresh(`${loop.name}_sets`);
    const code = new Code(
      own,
      ['set', 'from', 'to', 'first'].map((p) => ({ name: p, type: 'i32' as const })),
    );
    const count = domainSize(tiled.inside);
    const first = code.let('first_set', 'i32', times('(local.get $set)', i32(count)));
    code.loop('inside', first, code.let('last_set', 'i32', plus(first, i32(count))), 1, (set) => {
      for (const line of each(set)) code.line(line);
      code.line(`(call $${name} ${set} (local.get $from) (local.get $to) (local.get $first))`);
    });
    this.#functions.finish(code);
    return own;
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
    if (side === cut && window !== null) emitWindowCopy(evaluator, tiled, side, window, texts);
    else emitPacking(evaluator, tiled, side, texts, side === cut ? cutFacts : wholeFacts);
    this.#functions.finish(code);
    return name;
  }

  /** The function by which threads share the packing of a side: some panels a task. */
  #packTask(loop: Loop, contract: Contract, pack: string, address: number): Runnable {
    const run = this.#functions.fresh(`${loop.name}_pack`);
    const code = new Code(run, [{ name: 'task', type: 'i32' }]);
    const { whole } = contract;
    const [units, each] = [this.#functions.live(liveUnits(whole)), packedUnits(contract)];
    const perSet = upwards(units, each);
    const task = '(local.get $task)';
    const isOne = contract.packedSets === 1;
    const set = isOne ? i32(0) : code.let('set', 'i32', `(i32.div_u ${task} ${perSet})`);
    const within = isOne ? task : `(i32.rem_u ${task} ${perSet})`;
    const from = code.let('from', 'i32', times(within, i32(each)));
    const next = `(i32.add ${from} ${i32(each)})`;
    const to = `(select ${next} ${units} (i32.lt_s ${next} ${units}))`;
    const panelBytes = 4 * contract.steps * whole.width;
    const unitBytes =
      whole.outer.length > 0 ? (panelBytes * whole.line) / whole.width : panelBytes / whole.width;
    const out = plus(
      plus(addressText(address), times(set, i32(contract.packedBytes))),
      times(from, i32(unitBytes)),
    );
    const end = stepsEnd(contract.tiled, this.#functions.evaluator(code));
    code.line(
      `(call $${pack} ${set} ${from} ${to} (i32.const 0) ${end} ${i32(panelBytes)} ${out} (i32.const 0))`,
    );
    this.#functions.finish(code);
    const sets = isOne ? i32(1) : this.#functions.live(liveDomain(contract.tiled.sets));
    return { run, tasks: times(sets, perSet) };
  }

  /** How many panels of the whole side hold something live. */
  #wholePanels(whole: Side): string {
    const units = this.#functions.live(liveUnits(whole));
    return whole.outer.length > 0 ? times(units, i32(whole.line / whole.width)) : upwards(units, whole.width);
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
function stepsEnd({ reduce }: Tiled, evaluator: Evaluator): string {
  return endOf(evaluator, reduce[0] ?? driver('one', 1));
}

/** The tensor of so many units' sums, and where it lies in scratch. */
function sumsAt(contract: Contract, units: number, address: number): readonly [Tensor, Location] {
  const sums = sumsTensor(contract, units);
  const index = ([row = int(0), column = int(0)]: readonly Expr[]): Expr =>
    apply('add', apply('mul', row, int(Number(sums.shape[1]))), column);
  return [sums, { address, base: '(global.get $scratch)', isSafe: true, index }];
}

/** A task's units of a contraction, as texts: its set of the program's, and where they begin and end in it. */
function rangeOf(
  { cut, perSet, tiled }: Contract,
  schedule: GroupSchedule,
): { readonly set: string; readonly from: string; readonly to: string } {
  const perRow = i32(unitsOf(cut) / Math.max(1, perSet));
  const [low, high] = ['(local.get $low)', '(local.get $high)'];
  if (domainSize(outerSets(tiled)) === 1 || schedule.rows === perSet)
    return { set: i32(0), from: times(low, perRow), to: times(high, perRow) };
  const set = `(i32.div_u ${low} ${i32(perSet)})`;
  const start = times(set, i32(perSet));
  return { set, from: times(minus(low, start), perRow), to: times(minus(high, start), perRow) };
}

function atScratch(bytes: number): string {
  return bytes === 0 ? '(global.get $scratch)' : `(i32.add (global.get $scratch) ${i32(bytes)})`;
}
