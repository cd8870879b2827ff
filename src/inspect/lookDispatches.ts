import type { Compilation } from '../compile.ts';
import type { Stage } from '../fuse/index.ts';
import { definitionOf, type Node } from '../graph/index.ts';
import type { Loop } from '../loops/index.ts';
import { loopFlops } from '../passes/flops.ts';
import { rooflineOf } from '../profile/roofline.ts';
import { accessesOf } from './accesses.ts';
import type { FormulaContext } from './formulaContext.ts';
import { formulasOf } from './formulas.ts';
import type { Formula, LookDispatch, Role } from './look.ts';
import type { Report } from './report.ts';

/**
 * The dispatches of an entry, beside what its report says of them.
 *
 * @param context what the module's entries have in common
 * @param formulas what each computes, where that is known already
 */
export function lookDispatches(
  compilation: Compilation,
  entry: string,
  report: Report,
  context: FormulaContext,
  formulas: readonly (readonly Formula[])[] = formulasOf(compilation, entry, { context }),
): LookDispatch[] {
  const compiled = compilation.entries.get(entry);
  const reported = report.entries[entry];
  if (compiled === undefined || reported === undefined) throw new RangeError(`no entry ${entry}`);
  const overhead = report.machine.dispatchMicros;
  const flops = sum(reported.dispatches.map((d) => d.flops));
  const micros = sum(reported.dispatches.map((d) => d.predicted.micros + overhead));
  const accesses = accessesOf(compiled);
  const before = new Set<number>();
  return compiled.stages.map((stage, k): LookDispatch => {
    const dispatch = reported.dispatches[k];
    if (dispatch === undefined) throw new RangeError(`dispatch ${k} of ${entry} is not reported`);
    const computes = [...new Set(loopsOf(stage).flatMap(nodesOfLoop))].sort((a, b) => a - b);
    // What adds up the parts of a reduction does not compute it again: it is not in its formula.
    const made = new Set((formulas[k] ?? []).flatMap(({ nodes }) => nodes));
    const again = computes.filter((id) => made.has(id) && before.has(id));
    for (const id of made) before.add(id);
    return {
      formulas: formulas[k] ?? [],
      computes,
      again,
      reads: accesses[k]?.reads ?? [],
      writes: accesses[k]?.writes ?? [],
      role: roleOf(stage, compilation.module.graph.nodes, context.roles),
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

/** What most of the work of a stage is for: of two that are equal, the later one. A loop works for its last reduction, where it has one. */
function roleOf(stage: Stage, nodes: readonly Node[], roles: readonly Role[]): Role {
  const work = new Map<Role, number>();
  for (const loop of loopsOf(stage)) {
    const own = nodesOfLoop(loop).flatMap((id) => roles[id] ?? []);
    const role =
      lastReduced(loop, nodes, roles) ?? own.findLast((one) => one !== 'data') ?? own.at(-1) ?? 'forward';
    work.set(role, (work.get(role) ?? 0) + loopFlops(loop));
  }
  return [...work].reduce<[Role, number]>(
    (most, one) => (one[1] >= most[1] ? one : most),
    ['forward', -1],
  )[0];
}

/** What the last reduction of a loop is for, which is most of its work. */
function lastReduced({ origin }: Loop, nodes: readonly Node[], roles: readonly Role[]): Role | undefined {
  const last = origin.findLast(({ id }) => id !== undefined && isReduction(nodes[id]));
  return last?.id === undefined ? undefined : roles[last.id];
}

function isReduction(node: Node | undefined): boolean {
  return node !== undefined && definitionOf(node.op).isReduction;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
