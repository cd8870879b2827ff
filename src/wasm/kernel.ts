import { type CodeLine, linesOf, linesOfLoop } from '../kernels/spans.ts';
import { tensorSize } from '../loops/edges.ts';
import {
  type Axis,
  apply,
  axisRef,
  type Dim,
  domainSize,
  type Expr,
  flatten,
  int,
  type Loop,
  listingOf,
  type Tensor,
} from '../loops/index.ts';
import { lineAligned } from '../runtime/wasm/program.ts';
import { type Group, groupName, type Stage } from '../schedule/group.ts';
import type { Location } from './addresses.ts';
import { Code, i32, plus, times, upwards } from './code.ts';
import { ContractWriter } from './contractKernel.ts';
import { Functions, type Inside, type ModuleScope, type Runnable } from './functions.ts';
import { GroupText, type LoopTexts, likenessOf, type WriteLoops } from './groupText.ts';
import { emitList } from './list.ts';
import { emitNest } from './nest.ts';
import { type GroupSchedule, type LoopSchedule, loopCost, scheduleGroup } from './schedule.ts';
import type { FunctionText } from './share.ts';

/**
 * Tasks that threads take one by one: a function, without the `$`, and as a text how many a step has; between two sweeps
 * all threads wait for one another.
 */
export type Sweep = Runnable;

/** Functions as text, each after a line of its own. */
export function codeOf(functions: readonly FunctionText[]): string {
  return functions.map(({ text }) => text).join('\n\n');
}

/** The same as lines that say which loop they compute. */
export function codeLines(functions: readonly FunctionText[]): CodeLine[] {
  return functions.flatMap(({ text, loop }, k) => {
    const lines = linesOfLoop(linesOf(text), loop);
    return k === 0 ? lines : [{ text: '' }, ...lines];
  });
}

/** The kernel of one stage: its functions, and the sweeps that a step runs of them. */
export interface WasmKernelText {
  readonly name: string;
  readonly kind: string;
  readonly functions: readonly FunctionText[];
  readonly sweeps: readonly Sweep[];
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
    group.loops.length > 1 ? 'rows' : kindOf(group, schedule.loops[0]?.kind),
  );
  const sweeps: Sweep[] = [];
  if (writer.contractions.packs.length > 0) sweeps.push(writer.dispatch('pack', writer.contractions.packs));
  sweeps.push(writer.dispatch('tasks', groups));
  if (writer.contractions.sums.length > 0) sweeps.push(writer.dispatch('sums', writer.contractions.sums));
  return {
    name: own,
    kind: groups.length > 1 ? 'packed' : (kinds[0] ?? 'map'),
    functions: writer.functions.finished,
    sweeps,
    packedBytes: writer.contractions.packedBytes,
    scratchBytes: writer.scratchBytes,
    groups: groups.map(({ group, schedule }) => ({ group, schedule })),
  };
}

function kindOf(group: Group, kind: LoopSchedule['kind'] = 'nest'): 'map' | 'reduce' | 'list' | 'contract' {
  if (kind !== 'nest') return kind;
  return group.loops.some((loop) => loop.reductions.length > 0) ? 'reduce' : 'map';
}

function workOf(group: Group): number {
  return group.loops.reduce((n, loop) => n + loopCost(loop), 0);
}

class KernelWriter {
  readonly functions: Functions;
  readonly contractions: ContractWriter;
  scratchBytes = 0;
  readonly #scope: ModuleScope;

  constructor(name: string, scope: ModuleScope) {
    this.#scope = scope;
    this.functions = new Functions(name, scope);
    this.contractions = new ContractWriter(this.functions, scope.packed);
  }

  /** Writes a group's functions: those of its loops once for all groups that are like it. */
  group(group: Group): Runnable & { schedule: GroupSchedule } {
    const first = this.#scope.known.driver('first', domainSize(group.rows[0] ?? []));
    const { places, bytes } = this.#locals(group, first);
    const schedule = scheduleGroup(group, this.functions.asked(places(1)), this.#scope.machine);
    const write: WriteLoops = (functions, contractions, written) =>
      writeLoops(group, schedule, {
        functions,
        contractions,
        written,
        first,
        inside: places(schedule.block),
        base: bytes(schedule.block),
      });
    const { calls, scratch } = this.#loops(group, schedule, write);
    this.scratchBytes = Math.max(this.scratchBytes, scratch);
    return { ...this.#task(group, schedule, calls), schedule };
  }

  #loops(group: Group, schedule: GroupSchedule, write: WriteLoops): LoopTexts {
    const { functions, contractions } = this;
    const likeness = likenessOf(group, schedule, this.#scope);
    if (likeness !== null) {
      const { key, addresses } = likeness;
      const text = this.#scope.groups.get(key) ?? new GroupText(group, addresses, this.#scope, write);
      this.#scope.groups.set(key, text);
      if (text.fits(addresses))
        return text.into(group, addresses, functions, contractions, this.#scope.packed);
    }
    return write(functions, contractions, () => {});
  }

  /** A function that gives a task to whose it is; the tasks of several groups are numbered one after the other. */
  dispatch(wish: string, parts: readonly Runnable[]): Sweep {
    const tasks = parts.reduce((n, part) => plus(n, part.tasks), i32(0));
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return { run: only.run, tasks };
    const run = this.functions.fresh(wish);
    const code = new Code(run, [{ name: 'task', type: 'i32' }]);
    for (const part of parts) {
      const isOwn = `(i32.lt_u (local.get $task) ${part.tasks})`;
      code.line(`(if ${isOwn} (then (call $${part.run} (local.get $task)) (return)))`);
      code.line(`(local.set $task (i32.sub (local.get $task) ${part.tasks}))`);
    }
    this.functions.finish(code);
    return { run, tasks };
  }

  /** The function of a group: the rows of a task that are live, then each loop for them. */
  #task(group: Group, schedule: GroupSchedule, calls: readonly string[]): Runnable {
    const run = this.functions.fresh(groupName(group));
    const code = new Code(run, [{ name: 'task', type: 'i32' }]);
    const { block, perBatch, rows } = schedule;
    const low = code.local('low', 'i32');
    const high = code.local('high', 'i32');
    let tasks: string;
    if (perBatch === rows) {
      const live = this.functions.live(schedule.live);
      tasks = upwards(live, block);
      code.line(`(local.set ${low} (i32.mul (local.get $task) ${i32(block)}))`);
      code.line(`(local.set ${high} ${live})`);
    } else {
      const live = this.functions.live(schedule.livePerBatch);
      const perSet = upwards(live, block);
      tasks = times(this.functions.live(liveSets(schedule)), perSet);
      const set = code.let('set', 'i32', `(i32.div_u (local.get $task) ${perSet})`);
      const within = `(i32.mul (i32.rem_u (local.get $task) ${perSet}) ${i32(block)})`;
      const first = times(set, i32(perBatch));
      code.line(`(local.set ${low} ${plus(first, within)})`);
      code.line(`(local.set ${high} ${plus(first, live)})`);
    }
    const end = `(i32.add (local.get ${low}) ${i32(block)})`;
    code.line(`(if (i32.lt_s ${end} (local.get ${high})) (then (local.set ${high} ${end})))`);
    for (const call of calls) code.line(call);
    this.functions.finish(code, `${groupName(group)}: ${schedule.tasks} tasks of ${block} rows`);
    return { run, tasks };
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
    const bytes = (block: number): number => own.reduce((n, { row }) => n + lineAligned(4 * row * block), 0);
    const places = (block: number): Inside => {
      let at = 0;
      const result = new Map<Tensor, Location>();
      for (const { tensor, dims, row } of own) {
        const address = at;
        at += lineAligned(4 * row * block);
        const rest = tensor.shape.map((_, d) => d).filter((d) => !dims.includes(d));
        const number = (of: readonly number[], at: readonly Expr[]): Expr =>
          flatten(
            of.map((d) => at[d] ?? int(0)),
            of.map((d) => tensor.shape[d] ?? 1),
          );
        const index = (at: readonly Expr[]): Expr => {
          const block = dims.length === 0 ? int(0) : apply('sub', number(dims, at), axisRef(first));
          return apply('add', apply('mul', block, int(row)), number(rest, at));
        };
        result.set(tensor, { address, base: '(global.get $scratch)', index });
      }
      return result;
    };
    return { places, bytes };
  }
}

/** What the functions of a group's loops are written with. */
interface Writing {
  readonly functions: Functions;
  readonly contractions: ContractWriter;
  /** Is told of each loop whose functions are written, by its position. */
  readonly written: (loop: number) => void;
  /** Variable that is the first row of a block. */
  readonly first: Axis;
  readonly inside: Inside;
  /** Where the scratch of the group's own tensors ends. */
  readonly base: number;
}

function writeLoops(group: Group, schedule: GroupSchedule, writing: Writing): LoopTexts {
  const { functions, contractions, written, first, inside, base } = writing;
  let scratch = base;
  const calls = group.loops.flatMap((loop, k): string[] => {
    const own = schedule.loops[k];
    if (own === undefined) throw new RangeError(`${loop.name} has no schedule`);
    const lines = ((): string[] => {
      if (own.kind === 'list') return [`(call $${listFunction(functions, loop)})`];
      if (own.kind === 'nest')
        return [
          `(call $${nestFunction(functions, loop, own, inside, first)} (local.get $low) (local.get $high) (local.get $low))`,
        ];
      const { lines, end } = contractions.write(loop, own, inside, first, base, schedule);
      scratch = Math.max(scratch, end);
      return lines;
    })();
    written(k);
    return lines;
  });
  return { calls, scratch };
}

function listFunction(functions: Functions, loop: Loop): string {
  const listing = listingOf(loop);
  if (listing === null) throw new RangeError(`${loop.name} makes no lists`);
  const { name, code, evaluator } = functions.begin(loop.name, [], new Map());
  emitList(evaluator, listing);
  functions.finish(code, loop);
  return name;
}

function nestFunction(
  functions: Functions,
  loop: Loop,
  nest: Extract<LoopSchedule, { kind: 'nest' }>,
  inside: Inside,
  first: Axis,
): string {
  const { name, code, evaluator } = functions.begin(loop.name, ['from', 'to', 'first'], inside, first);
  const row = evaluator.driver('row', domainSize(nest.rows));
  emitNest(evaluator, loop, nest, { from: '(local.get $from)', to: '(local.get $to)', row });
  functions.finish(code, loop);
  return name;
}

/** The batches whose rows are live. */
function liveSets({ rows, perBatch, live }: GroupSchedule): Dim {
  if (typeof live === 'number') return rows / perBatch;
  return { size: live.size, factor: live.factor / perBatch };
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
