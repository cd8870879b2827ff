import { unfit } from '../runtime/issues.ts';
import { named } from '../runtime/options.ts';
import type { StateSlot } from '../runtime/program.ts';
import { CHECKSUM, Checksum } from './checksum.ts';
import { bytesOf, typeOf } from './elements.ts';
import { parseHeader, printHeader, tensorBytes } from './header.ts';
import type { WeightsSession } from './load.ts';
import { takeOptions } from './options.ts';
import { type Selection, selectedStates, weightStates } from './select.ts';

/** Which states are saved, and under which names. */
export interface SaveOptions {
  /** All weights and running statistics where it is left out, and not what belongs to an optimizer. */
  readonly only?: Selection;
  /** What is put before all names: `model.` */
  readonly prefix?: string;
  /** Texts that the file holds. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A safetensors file of a session's weights, for others to read, with a checksum. Truth values are BOOL. `session.save()` gives all
 * that training goes on with.
 *
 * ```ts
 * await writeFile('encoder.safetensors', await saveWeights(session, { only: 'encoder' }));
 * ```
 *
 * @throws SessionError; InputError for options
 */
export async function saveWeights(
  session: WeightsSession,
  options: SaveOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const {
    only,
    prefix = '',
    metadata = {},
  } = takeOptions(options, [{ name: 'only' }, { name: 'prefix', rule: 'string' }, { name: 'metadata' }]);
  for (const [name, text] of Object.entries(named('metadata', metadata)))
    if (typeof text !== 'string') unfit('type', `metadata: ${name}`, 'a text', text);
  const { state } = session.program;
  const slots = only === undefined ? weightStates(state) : selectedStates(state, only);
  const sizes = slots.map(
    ({ name, dtype, shape }: StateSlot) => [`${prefix}${name}`, { dtype: typeOf[dtype], shape }] as const,
  );
  const header = (checksum: string): Uint8Array => printHeader(sizes, { ...metadata, [CHECKSUM]: checksum });
  // The checksum is as long as this is, so that it can be put in its place.
  const first = header('00000000');
  const bytes = new Uint8Array(sizes.reduce((n, [, size]) => n + tensorBytes(size), first.length));
  let end = first.length;
  for (const { name, dtype } of slots) {
    const part = bytesOf(dtype, (await session.read(name)).data);
    bytes.set(part, end);
    end += part.length;
  }
  const sum = new Checksum(parseHeader(first, bytes.length, 'the weights'));
  sum.add(bytes.subarray(first.length));
  bytes.set(header(sum.text()));
  return bytes;
}
