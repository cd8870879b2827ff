import type { Module, ModuleEntry } from '../../graph/index.ts';
import { UnknownNameError } from '../../issues.ts';
import { OnnxError } from '../issues.ts';
import { encodeModel, type OnnxModel } from '../proto/index.ts';
import { graphOf } from './graph.ts';
import { OWN_DOMAIN } from './writer.ts';

/** Options of {@link toOnnx}. */
export interface ToOnnxOptions {
  /** The entry: what the model computes. */
  readonly entry: string;
  /** The version of ONNX's operators, from 21 (the default) to 25. */
  readonly opset?: number;
  /**
   * What states are: constants of the model (`initializers`), or inputs, each with its value until a caller gives another one.
   * By default inputs where the entry updates any.
   */
  readonly states?: 'initializers' | 'inputs';
  /** Values of states by name, in place of their declared first ones. */
  readonly weights?: Readonly<Record<string, ArrayLike<number>>>;
  /** What first values are drawn with: 0 by default, as in sessions. */
  readonly seed?: number;
  /** What the file says that it was made by, with a version: `sinter` by default. */
  readonly producer?: string;
}

/** Versions of the file's format, by the versions of operators that came with them. */
const IR_VERSIONS: ReadonlyMap<number, number> = new Map([
  [21, 10],
  [22, 10],
  [23, 11],
  [24, 12],
  [25, 13],
]);

/**
 * An entry of a module as an ONNX file: `predict`, or a whole training step.
 *
 * - Inputs have their names; a bounded size is a dimension of that name, and extents are what is given, with no padding.
 *   A size that no input has is an input itself, a 64-bit integer, with its maximum until a caller gives another one.
 * - States that the entry reads or updates are constants, or inputs of their names; the next value of state `w` is the output
 *   `w.next`. Other outputs have their names. Run-time scalars are inputs with their initial values, the number of the step,
 *   `step`, is one of them: it counts from 1.
 * - A name that is taken gets a number behind it. The model's metadata have all of them as JSON: `sinter.inputs`,
 *   `sinter.states`, `sinter.params`, `sinter.outputs`.
 * - What has no operator in ONNX is a function that the model brings with it, in the domain `sinter`.
 *
 * ```ts
 * await writeFile('model.onnx', toOnnx(module, { entry: 'predict', weights }));
 * ```
 *
 * @throws UnknownNameError where there is no such entry or state; OnnxError `option` for other options, `weights` for values that
 *   do not fit, `too-large` from 2 GiB on
 */
export function toOnnx(module: Module, options: ToOnnxOptions): Uint8Array {
  return encodeModel(onnxModel(module, options));
}

/** The same as plain data. */
export function onnxModel(module: Module, options: ToOnnxOptions): OnnxModel {
  const entry = entryOf(module, options.entry);
  const opset = options.opset ?? 21;
  const irVersion = IR_VERSIONS.get(opset);
  if (irVersion === undefined) {
    const known = [...IR_VERSIONS.keys()];
    throw new OnnxError('option', `opset ${opset}: from ${known[0]} to ${known.at(-1)}`);
  }
  const opsets = [
    { domain: '', version: opset },
    { domain: OWN_DOMAIN, version: 1 },
  ];
  const { graph, functions, names } = graphOf(module, entry, { domain: '', version: opset }, options);
  return {
    irVersion,
    opsets: functions.length === 0 ? opsets.slice(0, 1) : opsets,
    producer: options.producer ?? 'sinter',
    graph,
    functions,
    metadata: Object.entries(names).map(([key, value]) => [`sinter.${key}`, JSON.stringify(value)]),
  };
}

/** An entry by its name. @throws UnknownNameError */
function entryOf(module: Module, name: string): ModuleEntry {
  const entry = module.entries.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  throw new UnknownNameError(
    'entry',
    name,
    module.entries.map((one) => one.name),
  );
}
