import {
  type Axis,
  apply,
  axisRef,
  domainSize,
  type Expr,
  extentOf,
  int,
  type Loop,
  type Tensor,
} from '../../loops/index.ts';
import { tensorSize } from '../../passes/fuse/edges.ts';
import { type Group, groupName, type Stage } from '../../passes/fuse/group.ts';
import { commentText, Names } from '../names.ts';
import { Code, driver, i32, minus, plus, times } from './code.ts';
import { type Contract, emitContract, packedUnits, sumsTensor } from './contract.ts';
import { Evaluator, type Knowledge, type Place } from './evaluate.ts';
import type { MathName } from './math.ts';
import { emitNest, endOf } from './nest.ts';
import { emitPacking } from './packing.ts';
import { type GroupSchedule, type LoopSchedule, loopCost, packTasks, scheduleGroup } from './schedule.ts';
import { type Side, unitsOf } from './sides.ts';

/** Bytes that everything in memory is aligned to: a cache line. */
export const ALIGNMENT = 64;

/** `bytes` up to the next cache line. */
export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** What kernels must know of the module that they are part of. */
export interface ModuleScope {
  /** Where tensors lie that have a place in memory. */
  readonly place: (tensor: Tensor) => Place;
  /** Position of a field in the step block. */
  readonly field: (name: string) => number;
  /** Address from which packed operands lie. */
  readonly packed: number;
  /** Is told each function of vector mathematics that is called. */
  readonly calls: (name: MathName) => void;
  readonly known: Knowledge;
}

/** Tasks that threads take one by one; between two phases all threads wait for one another. */
export interface Phase {
  /** Its function, without the `$`, which takes a task's number. */
  readonly run: string;
  readonly tasks: number;
}

/** The kernel of one stage: its functions, and the phases that a step runs of them. */
export interface WasmKernelText {
  readonly name: string;
  readonly kind: string;
  readonly code: string;
  readonly phases: readonly Phase[];
  /** Bytes of packed operands, which all threads share. */
  readonly packedBytes: number;
  /** Bytes of a thread's scratch. */
  readonly scratchBytes: number;
  readonly groups: readonly { readonly group: Group; readonly schedule: GroupSchedule }[];
}

/**
 * The functions of one stage. Each group is a function of a task, a block of rows, which calls a function for
 * each of its loops; the groups of a stage share one range of tasks, the longest first.
 *
 * @param own its name, with which all names of its functions begin
 */
export function wasmKernel(stage: Stage, own: string, scope: ModuleScope): WasmKernelText {
  const writer = new KernelWriter(own, scope);
  const byWork = [...stage.groups].sort((a, b) => workOf(b) - workOf(a));
  const groups = byWork.map((group) => ({ group, ...writer.group(group) }));
  const kinds = groups.map(({ schedule, group }) =>
    group.loops.length > 1 ? 'rows' : schedule.loops[0]?.kind === 'contract' ? 'contract' : kindOf(group),
  );
  const phases: Phase[] = [];
  if (writer.packs.length > 0) phases.push(writer.dispatch('pack', writer.packs));
  phases.push(
    writer.dispatch(
      'tasks',
      groups.map(({ run, schedule }) => ({ run, tasks: schedule.tasks })),
    ),
  );
  return {
    name: own,
    kind: groups.length > 1 ? 'packed' : (kinds[0] ?? 'map'),
    code: writer.functions.join('\n\n'),
    phases,
    packedBytes: writer.packedBytes,
    scratchBytes: writer.scratchBytes,
    groups: groups.map(({ group, schedule }) => ({ group, schedule })),
  };
}

function kindOf(group: Group): 'map' | 'reduce' {
  return group.loops.some((loop) => loop.reductions.length > 0) ? 'reduce' : 'map';
}

function workOf(group: Group): number {
  return group.loops.reduce((n, loop) => n + loopCost(loop), 0);
}

/** A function of a task's number, and how many tasks it has. */
interface Runnable {
  readonly run: string;
  readonly tasks: number;
}

/** Where a loop's tensors lie that have no place of their own, by tensor. */
type Inside = ReadonlyMap<Tensor, Place>;

class KernelWriter {
  readonly functions: string[] = [];
  readonly packs: Runnable[] = [];
  packedBytes = 0;
  scratchBytes = 0;
  readonly #name: string;
  readonly #names = new Names();
  readonly #scope: ModuleScope;

  constructor(name: string, scope: ModuleScope) {
    this.#name = name;
    this.#scope = scope;
  }

  /** Writes a group's functions. */
  group(group: Group): { run: string; schedule: GroupSchedule } {
    const first = driver('first', domainSize(group.rows[0] ?? []));
    const { places, bytes } = this.#locals(group, first);
    const schedule = scheduleGroup(group, this.#evaluator(new Code('any', []), places(1)));
    const inside = places(schedule.block);
    let scratch = bytes(schedule.block);
    const base = scratch;
    const calls = group.loops.map((loop, k): string[] => {
      const own = schedule.loops[k];
      if (own === undefined) throw new RangeError(`${loop.name} has no schedule`);
      if (own.kind === 'nest')
        return [
          `(call $${this.#nest(loop, own, inside, first)} (local.get $low) (local.get $high) (local.get $low))`,
        ];
      const { lines, end } = this.#contract(loop, own, inside, first, base, schedule);
      scratch = Math.max(scratch, end);
      return lines;
    });
    this.scratchBytes = Math.max(this.scratchBytes, scratch);
    return { run: this.#task(group, schedule, calls.flat()), schedule };
  }

  /** A function that gives a task to whose it is; the tasks of several groups are numbered one after the other. */
  dispatch(wish: string, parts: readonly Runnable[]): Phase {
    const tasks = parts.reduce((n, part) => n + part.tasks, 0);
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return { run: only.run, tasks };
    const run = this.#fresh(wish);
    const code = new Code(run, [{ name: 'task', type: 'i32' }]);
    for (const part of parts) {
      const isOwn = `(i32.lt_u (local.get $task) ${i32(part.tasks)})`;
      code.line(`(if ${isOwn} (then (call $${part.run} (local.get $task)) (return)))`);
      code.line(`(local.set $task (i32.sub (local.get $task) ${i32(part.tasks)}))`);
    }
    this.functions.push(code.text());
    return { run, tasks };
  }

  /** The function of a group: the rows of a task, then each loop for them. */
  #task(group: Group, schedule: GroupSchedule, calls: readonly string[]): string {
    const run = this.#fresh(groupName(group));
    const code = new Code(run, [{ name: 'task', type: 'i32' }]);
    const { block, perBatch, rows } = schedule;
    const perSet = Math.max(1, Math.ceil(perBatch / block));
    const low = code.local('low', 'i32');
    const high = code.local('high', 'i32');
    if (perBatch === rows) {
      code.line(`(local.set ${low} (i32.mul (local.get $task) ${i32(block)}))`);
      code.line(`(local.set ${high} ${i32(rows)})`);
    } else {
      const set = code.let('set', 'i32', `(i32.div_u (local.get $task) ${i32(perSet)})`);
      const within = `(i32.mul (i32.rem_u (local.get $task) ${i32(perSet)}) ${i32(block)})`;
      code.line(`(local.set ${low} (i32.add (i32.mul ${set} ${i32(perBatch)}) ${within}))`);
      code.line(`(local.set ${high} (i32.mul (i32.add ${set} (i32.const 1)) ${i32(perBatch)}))`);
    }
    const end = `(i32.add (local.get ${low}) ${i32(block)})`;
    code.line(`(if (i32.lt_s ${end} (local.get ${high})) (then (local.set ${high} ${end})))`);
    for (const call of calls) code.line(call);
    this.functions.push(
      `;; ${commentText(groupName(group))}: ${schedule.tasks} tasks of ${block} rows\n${code.text()}`,
    );
    return run;
  }

  #nest(loop: Loop, nest: Extract<LoopSchedule, { kind: 'nest' }>, inside: Inside, first: Axis): string {
    const { name, code, evaluator } = this.#function(loop.name, ['from', 'to', 'first'], inside, first);
    const row = driver('row', domainSize(nest.rows));
    emitNest(evaluator, loop, nest, { from: '(local.get $from)', to: '(local.get $to)', row });
    this.#finish(loop, code);
    return name;
  }

  /** Writes the functions of a contraction. @returns what the group's function does, and where its scratch ends */
  #contract(
    loop: Loop,
    contract: Extract<LoopSchedule, { kind: 'contract' }>,
    inside: Inside,
    first: Axis,
    scratch: number,
    schedule: GroupSchedule,
  ): { lines: string[]; end: number } {
    const { cut, whole, packedBefore } = contract;
    const panelsAt = scratch;
    const sumsAt = panelsAt + aligned(contract.cutBytes);
    const ownWholeAt = sumsAt + aligned(contract.sumBytes);
    const wholeAt = packedBefore ? this.#scope.packed + this.packedBytes : ownWholeAt;
    const wholeText = packedBefore ? i32(wholeAt) : atScratch(wholeAt);
    // What is packed before the rows of a block are computed knows no block.
    const packWhole = this.#pack(loop, contract, whole, inside, packedBefore ? undefined : first);
    const packCut = this.#pack(loop, contract, cut, inside, first);
    if (packedBefore) {
      this.packs.push(this.#packTask(loop, contract, packWhole, wholeAt));
      this.packedBytes += aligned(contract.packedBytes * contract.packedSets);
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
    const { name, code, evaluator } = this.#function(loop.name, params, places, first);
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
    this.#finish(loop, code);
    const range = rangeOf(contract, schedule);
    const lines: string[] = [];
    if (!packedBefore) {
      const units = i32(unitsOf(whole));
      const all = this.#stepsEnd(loop, new Code('any', []));
      const panelBytes = i32(4 * contract.steps * whole.width);
      lines.push(
        `(call $${packWhole} ${range.set} (i32.const 0) ${units} (i32.const 0) ${all} ${panelBytes} ${wholeText} (local.get $low))`,
      );
    }
    const perTask = schedule.block * (unitsOf(cut) / Math.max(1, contract.perSet));
    const called = perTask <= contract.block ? name : this.#blocks(name, loop, contract);
    lines.push(`(call $${called} ${range.set} ${range.from} ${range.to} (local.get $low))`);
    return { lines, end: packedBefore ? ownWholeAt : ownWholeAt + aligned(contract.packedBytes) };
  }

  /** A function that goes through units block by block. */
  #blocks(name: string, loop: Loop, contract: Contract): string {
    const own = this.#fresh(`${loop.name}_blocks`);
    const code = new Code(
      own,
      ['set', 'from', 'to', 'first'].map((p) => ({ name: p, type: 'i32' as const })),
    );
    code.loop('begin', '(local.get $from)', '(local.get $to)', contract.block, (begin) => {
      const next = `(i32.add ${begin} ${i32(contract.block)})`;
      const end = `(select ${next} (local.get $to) (i32.lt_s ${next} (local.get $to)))`;
      code.line(`(call $${name} (local.get $set) ${begin} ${end} (local.get $first))`);
    });
    this.functions.push(code.text());
    return own;
  }

  /** The function that packs units of a side: of a set, for a part of the outermost reduction axis. */
  #pack(loop: Loop, contract: Contract, side: Side, inside: Inside, first: Axis | undefined): string {
    const params = ['set', 'from', 'to', 'begin', 'end', 'panel_bytes', 'out', 'first'];
    const { name, code, evaluator } = this.#function(`${loop.name}_${side.kind}`, params, inside, first);
    emitPacking(
      evaluator,
      loop,
      contract.tiled,
      side,
      {
        set: '(local.get $set)',
        from: '(local.get $from)',
        to: '(local.get $to)',
        part: ['(local.get $begin)', '(local.get $end)'],
        panelBytes: '(local.get $panel_bytes)',
        out: '(local.get $out)',
      },
      side === contract.cut ? contract.cutFacts : contract.wholeFacts,
    );
    this.functions.push(code.text());
    return name;
  }

  /** The function by which threads share the packing of a side: some panels a task. */
  #packTask(loop: Loop, contract: Contract, pack: string, address: number): Runnable {
    const run = this.#fresh(`${loop.name}_pack`);
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
    const end = this.#stepsEnd(loop, code);
    code.line(
      `(call $${pack} ${set} ${from} ${to} (i32.const 0) ${end} ${i32(panelBytes)} ${out} (i32.const 0))`,
    );
    this.functions.push(code.text());
    return { run, tasks: packTasks(contract) };
  }

  /** Where a contraction's outermost reduction axis ends. */
  #stepsEnd(loop: Loop, code: Code): string {
    return endOf(this.#evaluator(code, new Map()), loop.reduceAxes[0] ?? driver('one', 1));
  }

  /** A name that no other function of the module has. */
  #fresh(wish: string): string {
    return `${this.#name}.${this.#names.fresh(wish)}`;
  }

  #function(
    wish: string,
    params: readonly string[],
    inside: Inside,
    first?: Axis,
  ): { name: string; code: Code; evaluator: Evaluator } {
    const name = this.#fresh(wish);
    const code = new Code(
      name,
      params.map((p) => ({ name: p, type: 'i32' })),
    );
    if (first !== undefined) code.scope.axes.set(first, '(local.get $first)');
    return { name, code, evaluator: this.#evaluator(code, inside) };
  }

  #evaluator(code: Code, inside: Inside): Evaluator {
    const { place, field, calls, known } = this.#scope;
    return new Evaluator(code, {
      place: (tensor) => inside.get(tensor) ?? place(tensor),
      field,
      calls,
      known,
    });
  }

  #finish(loop: Loop, code: Code): void {
    const origin = loop.origin.map(
      ({ node, source }) => `;; ${commentText(source === undefined ? node : `${node}  at ${source}`)}`,
    );
    this.functions.push([...origin, code.text()].join('\n'));
  }

  /**
   * Places of a group's own tensors in a thread's scratch: the rows of a block, one after the other.
   *
   * @param first variable that is the first row of the block
   */
  #locals(
    group: Group,
    first: Axis,
  ): { places: (block: number) => Inside; bytes: (block: number) => number } {
    const rows = domainSize(group.rows[0] ?? []);
    const own = group.locals.map((tensor) => ({
      tensor,
      dims: rowDims(group, tensor),
      row: tensorSize(tensor) / Math.max(1, rows),
    }));
    const bytes = (block: number): number => own.reduce((n, { row }) => n + aligned(4 * row * block), 0);
    const places = (block: number): Inside => {
      let at = 0;
      const result = new Map<Tensor, Place>();
      for (const { tensor, dims, row } of own) {
        const address = at;
        at += aligned(4 * row * block);
        const index = (index: readonly Expr[]): Expr => {
          const number = flat(dims.map((d) => [index[d] ?? int(0), extentOf(tensor.shape[d] ?? 1)]));
          const rest = tensor.shape.flatMap((dim, d) =>
            dims.includes(d) ? [] : [[index[d] ?? int(0), extentOf(dim)] as const],
          );
          const block = dims.length === 0 ? int(0) : apply('sub', number, axisRef(first));
          return apply('add', apply('mul', block, int(row)), flat(rest));
        };
        result.set(tensor, { address, base: '(global.get $scratch)', index });
      }
      return result;
    };
    return { places, bytes };
  }
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

/** The dimensions of a group's tensor that are its rows, in the order of the rows. */
function rowDims(group: Group, tensor: Tensor): number[] {
  for (const [k, loop] of group.loops.entries()) {
    const out = loop.outs.find((o) => o.tensor === tensor);
    if (out !== undefined)
      return (group.rows[k] ?? []).map((axis) => out.at.indexOf(axis)).filter((d) => d >= 0);
  }
  throw new RangeError(`${tensor.name} is written by no loop of its group`);
}

/** Row-major number of indices with their extents. */
function flat(at: readonly (readonly [Expr, number])[]): Expr {
  return at.reduce<Expr>((n, [e, extent]) => apply('add', apply('mul', n, int(extent)), e), int(0));
}

function atScratch(bytes: number): string {
  return bytes === 0 ? '(global.get $scratch)' : `(i32.add (global.get $scratch) ${i32(bytes)})`;
}
