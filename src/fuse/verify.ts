import { readersAmong } from '../loops/edges.ts';
import {
  type Axis,
  domainSize,
  extentOf,
  type Loop,
  LoopError,
  loadsIn,
  loopLoads,
  monoidDef,
  type Out,
  type Tensor,
  verifyLoops,
} from '../loops/index.ts';
import { type Group, groupName, loopsIn, type Partial, type Stage } from '../schedule/group.ts';
import { GroupError } from '../schedule/groupError.ts';
import { oldValueElsewhere } from '../schedule/verifyInPlace.ts';

/**
 * Throws GroupError unless each group can run as one kernel, or a part of one, and LoopError unless its loops can:
 *
 * - *rows*: each loop has the same rows, and reads what another loop of the group makes at its own row only; without
 *   rows the group has one workgroup.
 * - *locals*: temporaries that the group makes, and nothing outside reads.
 * - *prologue*: loops of one element, whose results stay within the group.
 * - *partials*: reductions of what a single loop makes, along some of its axes or none; a dimension of parts comes first,
 *   those of a monoid of several last.
 * - *outputs*: every tensor is written once.
 *
 * @param groups in an order that runs
 */
export function verifyGroups(groups: readonly Group[]): void {
  const accesses = accessesOf(groups);
  for (const group of groups) {
    verifyRows(group);
    verifyPrologue(group, accesses);
    verifyPartials(group);
    verifyLocals(group, accesses);
  }
  verifyLoops(
    loopsIn(groups),
    groups.flatMap((group) => group.partials.map((partial) => partial.tensor)),
  );
}

/**
 * Throws GroupError unless the stages can run one after the other, and the groups of each in any order, and what
 * `verifyGroups` throws:
 *
 * - *order*: a group reads what groups of earlier stages write.
 * - *in place*: a state is written over once, and after its old value was read: by other groups in earlier stages, by
 *   the group that writes it at the element that it writes, just before.
 */
export function verifyStages(stages: readonly Stage[]): void {
  const groups = stages.flatMap((stage) => stage.groups);
  const stageOf = new Map(stages.flatMap((stage, k) => stage.groups.map((group) => [group, k] as const)));
  const accesses = accessesOf(groups);
  const at = (group: Group): number => stageOf.get(group) ?? -1;
  for (const group of groups) {
    for (const tensor of accesses.reads.get(group) ?? []) {
      const writer = accesses.writer.get(tensor);
      if (writer === undefined || writer === group || at(writer) < at(group)) continue;
      const where = at(writer) === at(group) ? 'the same dispatch' : 'a later dispatch';
      const message = `reads ${tensor.name}, which ${groupName(writer)} of ${where} writes`;
      throw new GroupError(group, 'order', tensor, message);
    }
  }
  verifyUpdates(groups, accesses, at);
  verifyGroups(groups);
}

/** What groups read from memory and write to it. */
interface Accesses {
  readonly writer: ReadonlyMap<Tensor, Group>;
  readonly reads: ReadonlyMap<Group, ReadonlySet<Tensor>>;
  readonly readers: ReadonlyMap<Tensor, readonly Group[]>;
  /** What prologues make, each workgroup for itself. */
  readonly repeated: ReadonlySet<Tensor>;
}

/** @throws GroupError where a tensor is written twice */
function accessesOf(groups: readonly Group[]): Accesses {
  const writer = new Map<Tensor, Group>();
  const reads = new Map<Group, Set<Tensor>>();
  const repeated = new Set<Tensor>();
  for (const group of groups) {
    const outs = group.loops.flatMap((loop) => loop.outs);
    for (const { tensor } of [...outs, ...group.partials]) {
      const other = writer.get(tensor);
      if (other !== undefined) {
        const message = `writes ${tensor.name}, which ${groupName(other)} writes too`;
        throw new GroupError(group, 'outputs', tensor, message);
      }
      writer.set(tensor, group);
    }
    const own = new Set(group.prologue.flatMap((loop) => loop.outs.map((out) => out.tensor)));
    for (const tensor of own) repeated.add(tensor);
    const loads = [
      ...[...group.prologue, ...group.loops].flatMap((loop) => loopLoads(loop)),
      ...loadsIn(...group.partials.map((p) => p.body)),
    ];
    reads.set(group, new Set(loads.map((l) => l.tensor).filter((tensor) => !own.has(tensor))));
  }
  return { writer, reads, readers: readersAmong(groups, (group) => reads.get(group) ?? []), repeated };
}

function verifyRows(group: Group): void {
  const { loops, rows } = group;
  const fail = (message: string, tensor?: Tensor): never => {
    throw new GroupError(group, 'rows', tensor, message);
  };
  if (rows.length !== loops.length || loops.length === 0)
    fail(`has ${loops.length} loops, and rows of ${rows.length}`);
  const extents = (rows[0] ?? []).map((axis) => axis.extent);
  const rowsOf = new Map<Loop, readonly Axis[]>();
  const made = new Map<Tensor, { readonly loop: Loop; readonly out: Out }>();
  for (const [k, loop] of loops.entries()) {
    const own = rows[k] ?? [];
    rowsOf.set(loop, own);
    for (const out of loop.outs) made.set(out.tensor, { loop, out });
    const stranger = own.find((axis, n) => !loop.axes.includes(axis) || own.indexOf(axis) !== n);
    if (stranger !== undefined)
      fail(`${stranger.name} is not a parallel axis of ${loop.name}, or its row twice`);
    if (own.length !== extents.length || own.some((axis, n) => axis.extent !== extents[n])) {
      const found = own.map((axis) => axis.extent).join(' × ');
      fail(`${loop.name} has rows of ${found || 'none'}, the first loop of ${extents.join(' × ') || 'none'}`);
    }
  }
  for (const loop of loops) {
    for (const { tensor, at } of loopLoads(loop)) {
      const from = made.get(tensor);
      if (from === undefined || from.loop === loop) continue;
      for (const [n, row] of (rowsOf.get(from.loop) ?? []).entries()) {
        const index = at[from.out.at.indexOf(row)];
        if (row.extent === 1 || (index?.kind === 'axis' && index.axis === rowsOf.get(loop)?.[n])) continue;
        fail(`${loop.name} reads ${tensor.name} at other rows of ${row.name} than its own`, tensor);
      }
    }
  }
}

function verifyLocals(group: Group, { readers }: Accesses): void {
  const outs = new Set(group.loops.flatMap((loop) => loop.outs.map((out) => out.tensor)));
  for (const tensor of group.locals) {
    const fail = (message: string): never => {
      throw new GroupError(group, 'locals', tensor, `${tensor.name} ${message}`);
    };
    if (tensor.role !== 'temp') fail(`is a ${tensor.role}, which needs a buffer`);
    if (!outs.has(tensor)) fail('is not an output of its loops');
    const reader = readers.get(tensor)?.find((other) => other !== group);
    if (reader !== undefined) fail(`is read by ${groupName(reader)}`);
  }
}

function verifyPrologue(group: Group, { reads, writer, repeated }: Accesses): void {
  for (const loop of group.prologue) {
    const elements = domainSize(loop.axes);
    if (elements !== 1) {
      const message = `its prologue ${loop.name} has ${elements} elements, and not one`;
      throw new GroupError(group, 'prologue', loop.outs[0]?.tensor, message);
    }
    const kept = loop.outs.find((out) => out.tensor.role !== 'temp')?.tensor;
    if (kept !== undefined) {
      const message = `its prologue ${loop.name} writes ${kept.name}, a ${kept.role}: every workgroup would`;
      throw new GroupError(group, 'prologue', kept, message);
    }
  }
  for (const tensor of reads.get(group) ?? []) {
    if (!repeated.has(tensor) || writer.has(tensor)) continue;
    const message = `reads ${tensor.name} from memory, where only prologues of other groups compute it`;
    throw new GroupError(group, 'prologue', tensor, message);
  }
}

function verifyPartials(group: Group): void {
  const [loop, ...more] = group.loops;
  for (const partial of group.partials) {
    const { tensor, at, monoid, body } = partial;
    const fail = (message: string): never => {
      throw new GroupError(group, 'partials', tensor, `${tensor.name} ${message}`);
    };
    if (loop === undefined || more.length > 0) fail('is a partial result of a group of several loops');
    if (tensor.role !== 'temp') fail(`is a partial result, and a ${tensor.role}`);
    const types = monoidDef(monoid).parts(body.dtype);
    if (types.some((dtype) => dtype !== tensor.dtype))
      fail(`is ${tensor.dtype}; parts of ${monoid} are ${types.join(', ')}`);
    const stranger = at.find((axis, d) => loop?.axes.includes(axis) !== true || at.indexOf(axis) !== d);
    if (stranger !== undefined) fail(`lies at ${stranger.name}, not an axis of its loop, or twice`);
    const own = [...at.map((axis) => axis.extent), ...(types.length > 1 ? [types.length] : [])];
    const shape = tensor.shape.map(extentOf);
    if (shape.length === 0 || shape.slice(1).join() !== own.join())
      fail(`is [${shape.join(', ')}]; after the parts come [${own.join(', ')}]`);
    if (loop !== undefined) verifyPartialBody(group, loop, partial);
  }
}

/** A partial result's body is an expression like an output's value, over every axis of the loop. */
function verifyPartialBody(group: Group, loop: Loop, { tensor, body }: Partial): void {
  const all: Tensor = { ...tensor, shape: loop.axes.map((axis) => axis.extent) };
  const made = [...loopLoads(loop), ...loadsIn(body)].map((l) => l.tensor);
  try {
    verifyLoops([{ ...loop, outs: [{ tensor: all, at: loop.axes, value: body }] }], made);
  } catch (error) {
    if (!(error instanceof LoopError)) throw error;
    throw new GroupError(group, 'partials', tensor, `its partial result ${error.message}`);
  }
}

/** @param at the number of a group's stage */
function verifyUpdates(groups: readonly Group[], { readers }: Accesses, at: (group: Group) => number): void {
  const writers = new Map<Tensor, Group>();
  for (const group of groups) {
    for (const loop of group.loops) {
      for (const out of loop.outs) {
        const state = out.tensor.over;
        if (state === undefined) continue;
        const fail = (message: string): never => {
          throw new GroupError(group, 'in place', state, message);
        };
        const other = writers.get(state);
        if (other !== undefined) fail(`writes over ${state.name}, which ${groupName(other)} does too`);
        writers.set(state, group);
        for (const reader of readers.get(state) ?? []) {
          if (reader === group || at(reader) < at(group)) continue;
          const where = at(reader) === at(group) ? 'the same dispatch' : 'a later dispatch';
          fail(`writes over ${state.name}, whose old value ${groupName(reader)} of ${where} reads`);
        }
        const hazard = oldValueElsewhere(group, loop, out, state);
        if (hazard !== null) fail(`writes over ${state.name}, whose old value ${hazard}`);
      }
    }
  }
}
