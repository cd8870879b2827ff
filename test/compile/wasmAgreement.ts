import type { OptionalPass } from '../../src/compile.ts';
import { compileToWasm, type WasmCompilation } from '../../src/compileToWasm.ts';
import { type Axis, domainSize } from '../../src/loops/index.ts';
import { type Machine, machines } from '../../src/machine/index.ts';
import { type NDArray, referenceSession } from '../../src/reference/index.ts';
import { packedUnits, slidExtent } from '../../src/wasm/contract.ts';
import { rowLane } from '../../src/wasm/nest.ts';
import { unitsOf } from '../../src/wasm/sides.ts';
import { turnedOf } from '../../src/wasm/turnedOutputs.ts';
import type { RandomCase } from '../oracle/randomGraph.ts';
import { firstDifference } from './agreement.ts';
import { assemble, assembleBackwards, bareSession } from './bareWasm.ts';

/** Rounding in float32, relative to the largest element of a tensor; what is discontinuous is exact. */
const TOLERANCE = 1e-4;

/**
 * Compiles a random module to WebAssembly, runs two steps of each entry, and compares outputs and states with the
 * reference evaluator. By their seeds they run the inner loop of contractions with relaxed instructions or the other one, and the tasks
 * of each phase in order or backwards.
 *
 * @param look is given the compilation
 * @returns what differs or is written where nothing may be, in words; empty where nothing is
 */
export function wasmDisagreements(
  random: RandomCase,
  without: ReadonlySet<OptionalPass>,
  look: (compilation: WasmCompilation) => void = () => {},
  machine: Machine = machines.wasm,
): string[] {
  const found: string[] = [];
  const [isRelaxed, isForwards] = [random.seed % 2 === 0, random.seed % 4 < 2];
  const compilation = compileToWasm(
    random.module,
    isForwards ? assemble : assembleBackwards,
    without,
    machine,
  );
  look(compilation);
  const session = bareSession(compilation, random.states, isRelaxed ? 'relaxed' : 'strict');
  const reference = referenceSession(random.module, random.states);
  const compare = (place: string, actual: ArrayLike<number>, expected: NDArray): void => {
    const difference = firstDifference(actual, expected, expected.dtype === 'f32' ? TOLERANCE : 0);
    if (difference !== null) found.push(`${random.module.name}, ${place}${difference}`);
  };
  for (const k of [0, 1]) {
    for (const { name } of random.module.entries) {
      const feeds = random.step(k);
      const computed = session.step(name, feeds);
      for (const [output, value] of Object.entries(reference.step(name, feeds)))
        compare(`step ${k} of ${name}, output ${output}`, computed[output]?.data ?? [], value);
    }
    for (const { name } of random.module.states)
      compare(`state ${name} after step ${k}`, session.read(name), reference.read(name));
  }
  return [...found, ...session.damage.map((damage) => `${random.module.name}: ${damage}`)];
}

/** How many loops without tiles of a compilation take their rows in lines, along the last of several row axes. */
export function nestsInLines({ entries }: WasmCompilation): number {
  const schedules = [...entries.values()].flatMap(({ scheduled }) => scheduled.flat());
  return schedules
    .flatMap(({ schedule }) => ('loops' in schedule ? schedule.loops : []))
    .filter((own) => own.kind === 'nest' && rowLane(own.rows, own.lane, { name: 'row', extent: 1 }).isInLines)
    .length;
}

/** In which ways the contractions of a compilation run that have tiles: the code paths that they take. */
export function waysOfContractions({ entries }: WasmCompilation): string[] {
  const ways: string[] = [];
  const groups = [...entries.values()].flatMap(({ scheduled }) => scheduled.flat());
  for (const { group, schedule } of groups) {
    if (!('loops' in schedule)) continue;
    for (const [k, own] of schedule.loops.entries()) {
      const loop = group.loops[k];
      if (own.kind !== 'contract' || loop === undefined) continue;
      const { sets, rows, columns } = own.tiled;
      const perTask = schedule.block * (unitsOf(own.cut) / Math.max(1, own.perSet));
      const isBounded = (axes: readonly Axis[]): boolean => axes.some((axis) => axis.live !== undefined);
      const facts = {
        'alone in its kernel': group.loops.length === 1,
        'inside a row program': group.loops.length > 1,
        'cutting its rows': own.cut.kind === 'rows',
        'cutting its columns': own.cut.kind === 'columns',
        'with lines of rows': rows.outer.length > 0,
        'with lines of columns': columns.outer.length > 0,
        'with an operand that its own task packs whole': !own.packedBefore,
        'with an operand packed for each of a batch': own.packedSets > 1,
        'with an operand for more than one task that packs': unitsOf(own.whole) > packedUnits(own),
        'with a reduction in chunks': own.chunk < (loop.reduceAxes[0]?.extent ?? 1),
        'with several reduction axes': loop.reduceAxes.length > 1,
        'with several axes of rows': rows.axes.length > 1,
        'with several axes of columns': columns.axes.length > 1,
        'with several axes of a batch': sets.length > 1,
        'with sets inside of a row of the program': domainSize(own.tiled.inside) > 1,
        'with lines of several axes': [rows, columns].some(
          ({ outer, inner, window }) => window === null && outer.length > 0 && inner.length > 1,
        ),
        'over a bounded size': isBounded(loop.reduceAxes),
        'with bounded rows': isBounded(rows.axes),
        'with bounded columns': isBounded(columns.axes),
        'with several outputs': loop.outs.length > 1,
        'with many of its rows for one of the program': perTask > own.block,
        'with a reduction in parts': own.split !== null,
        'with windows in parts of the reduction': own.split !== null && own.window !== null,
        'with windows as rows': own.window !== null,
        'with sums that are turned': turnedOf(loop, own) !== null,
        'with sums of all rows turned': turnedOf(loop, own)?.isWhole === true,
        'with windows of a row program': own.window !== null && group.loops.length > 1,
        'with windows in several blocks': own.window !== null && slidExtent(own.cut) > own.block,
        'with windows in blocks of several lines': own.window !== null && own.block > 1,
        'with windows in blocks that are not all as long': own.window?.isWholeBlock === false,
        'with windows in several parts of the reduction': own.window?.isWholeChunk === false,
      };
      ways.push(...Object.entries(facts).flatMap(([way, holds]) => (holds ? [way] : [])));
    }
  }
  return ways;
}
