import type { Compilation } from '../compile.ts';
import { type Stage, tensorsReadBy, tensorsWritten } from '../fuse/index.ts';
import { type Loop, shapeText, type Tensor } from '../loops/index.ts';
import { loopFlops } from '../passes/flops.ts';
import { rooflineOf } from '../profile/roofline.ts';
import { tensorsInside } from '../schedule/group.ts';
import type { Access, LookDispatch, LookNode, Role } from './look.ts';
import { formulasOf } from './provisional.ts';
import type { Report } from './report.ts';

/** The dispatches of an entry, beside what its report says of them. */
export function lookDispatches(
  compilation: Compilation,
  entry: string,
  report: Report,
  nodes: readonly LookNode[],
): LookDispatch[] {
  const compiled = compilation.entries.get(entry);
  const reported = report.entries[entry];
  if (compiled === undefined || reported === undefined) throw new RangeError(`no entry ${entry}`);
  const overhead = report.machine.dispatchMicros;
  const flops = sum(reported.dispatches.map((d) => d.flops));
  const micros = sum(reported.dispatches.map((d) => d.predicted.micros + overhead));
  const formulas = formulasOf(compilation, entry);
  const before = new Set<number>();
  return compiled.stages.map((stage, k): LookDispatch => {
    const dispatch = reported.dispatches[k];
    if (dispatch === undefined) throw new RangeError(`dispatch ${k} of ${entry} is not reported`);
    const own = formulas[k] ?? [];
    const computes = [...new Set(loopsOf(stage).flatMap(nodesOfLoop))].sort((a, b) => a - b);
    const again = computes.filter((id) => before.has(id));
    for (const id of computes) before.add(id);
    return {
      formulas: own,
      computes,
      again,
      ...accessesOf(stage),
      role: roleOf(stage, nodes),
      flopsShare: flops === 0 ? 0 : dispatch.flops / flops,
      timeShare: micros === 0 ? 0 : (dispatch.predicted.micros + overhead) / micros,
      roofline: rooflineOf(dispatch.flops, dispatch.bytes, compilation.machine),
    };
  });
}

/** The loops of a stage in their order, those of prologues too. */
function loopsOf({ groups }: Stage): Loop[] {
  return groups.flatMap((group) => [...group.prologue, ...group.loops]);
}

/** Ids of the nodes that a loop computes. */
function nodesOfLoop({ origin }: Loop): number[] {
  return origin.flatMap(({ id }) => (id === undefined ? [] : [id]));
}

/** Tensors that a stage reads and writes in memory; what it makes for itself alone is of neither. */
function accessesOf({ groups }: Stage): Pick<LookDispatch, 'reads' | 'writes'> {
  const inside = new Set(groups.flatMap((group) => [...tensorsInside(group)]));
  const written = new Set(groups.flatMap(tensorsWritten).filter((tensor) => !inside.has(tensor)));
  const read = new Set(groups.flatMap((group) => [...tensorsReadBy(group)]));
  return {
    reads: [...read].filter((tensor) => !inside.has(tensor) && !written.has(tensor)).map(accessOf),
    writes: [...written].map(accessOf),
  };
}

function accessOf(tensor: Tensor): Access {
  const { name, dtype, shape } = tensor;
  return { tensor: name, type: `${dtype}${shapeText(shape)}`, role: accessRole(tensor) };
}

function accessRole({ role, name }: Tensor): Access['role'] {
  switch (role) {
    case 'data':
    case 'rows':
    case 'input':
      return 'data';
    case 'constant':
      return 'literal';
    case 'state':
    case 'next':
    case 'temp':
    case 'result':
      return role;
    case 'workgroup':
    case 'private':
      throw new RangeError(`${name} is an array of a kernel, and no tensor of a stage`);
    default:
      return role satisfies never;
  }
}

/** What most of the work of a stage is for: of two that are equal, the later one. */
function roleOf(stage: Stage, nodes: readonly LookNode[]): Role {
  const work = new Map<Role, number>();
  for (const loop of loopsOf(stage)) {
    const roles = nodesOfLoop(loop).flatMap((id) => nodes[id]?.role ?? []);
    const role = roles.findLast((one) => one !== 'data') ?? roles.at(-1) ?? 'forward';
    work.set(role, (work.get(role) ?? 0) + loopFlops(loop));
  }
  return [...work].reduce<[Role, number]>(
    (most, one) => (one[1] >= most[1] ? one : most),
    ['forward', -1],
  )[0];
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
