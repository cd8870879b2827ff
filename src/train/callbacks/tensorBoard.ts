import { unfit } from '../../runtime/issues.ts';
import { checkOption } from '../../runtime/options.ts';
import type { Callback } from '../callback.ts';
import { namesOf, valueIn } from '../history.ts';
import { notInPages } from '../issues.ts';
import { knownOptions } from '../known.ts';
import { checksum } from './crc32c.ts';
import type { Wire } from './loadWire.ts';
import { Log, type LogWriter } from './logWriter.ts';

/** What is written for TensorBoard. */
export interface TensorBoardOptions {
  /** What the tags of all curves begin with, as in `run 1/loss`; nothing by default. */
  readonly prefix?: string;
  /** Seconds since 1970, for times of events; by default the clock's. */
  readonly now?: () => number;
}

/**
 * Writes all values of each epoch as an event file of TensorBoard, whose name has to hold `tfevents`. Its messages are made by
 * the package `@bufbuild/protobuf`.
 *
 * ```ts
 * callbacks.tensorBoard(fileLog('logs/first/events.out.tfevents.1'))
 * ```
 *
 * Format: TensorFlow's `event.proto` and `summary.proto`, each message in a record of `record_writer.h`.
 *
 * @throws InputError `unknown`, `type` for options and writers that cannot be; `missing`, when training begins, where the package is not installed
 */
export function tensorBoard(writer: LogWriter<Uint8Array>, options: TensorBoardOptions = {}): Callback {
  const { prefix, now = () => Date.now() / 1000 } = knownOptions('options', options, ['prefix', 'now']);
  if (prefix !== undefined && typeof prefix !== 'string') unfit('type', 'prefix', 'a text', prefix);
  checkOption('now', now, 'function');
  const log = new Log(writer);
  let wire: Wire | undefined;
  const loaded = async (): Promise<Wire> => {
    if (wire !== undefined) return wire;
    const { loadWire } = await import('./loadWire.ts');
    // In a page that file is empty.
    if (typeof loadWire !== 'function') return notInPages('tensorBoard', 'jsonLinesLog writes texts there');
    wire = await loadWire();
    return wire;
  };
  return {
    name: 'tensorBoard',
    onTrainBegin: async () => {
      const loading = await loaded();
      await log.begin();
      if (log.isEmpty) await log.write(record(versionEvent(loading, now())));
    },
    onEpochEnd: async (epoch) => {
      const values = namesOf(epoch).map((name) => ({
        tag: prefix === undefined ? name : `${prefix}/${name}`,
        value: valueIn(epoch, name) ?? Number.NaN,
      }));
      await log.write(record(scalarsEvent(await loaded(), now(), epoch.epoch, values)));
    },
    onTrainEnd: () => log.end(),
    reset: () => log.reset(),
    state: () => log.state(),
    restore: (state) => log.restore(state),
  };
}

/** `Event { wall_time = 1; file_version = 3 }`: what an event file begins with. */
function versionEvent({ BinaryWriter, WireType }: Wire, time: number): Uint8Array {
  return new BinaryWriter()
    .tag(1, WireType.Bit64)
    .double(time)
    .tag(3, WireType.LengthDelimited)
    .string('brain.Event:2')
    .finish();
}

/** `Event { wall_time = 1; step = 2; summary = 5 }` of `Summary { repeated value = 1 }`, `Value { tag = 1; simple_value = 2 }`. */
function scalarsEvent(
  { BinaryWriter, WireType }: Wire,
  time: number,
  step: number,
  values: readonly { readonly tag: string; readonly value: number }[],
): Uint8Array {
  const event = new BinaryWriter().tag(1, WireType.Bit64).double(time).tag(2, WireType.Varint).int64(step);
  event.tag(5, WireType.LengthDelimited).fork();
  for (const { tag, value } of values) {
    event.tag(1, WireType.LengthDelimited).fork();
    event.tag(1, WireType.LengthDelimited).string(tag).tag(2, WireType.Bit32).float(Math.fround(value));
    event.join();
  }
  return event.join().finish();
}

/** A record: the length as a 64-bit word, its checksum, the data, theirs; little-endian. */
function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, masked(checksum(bytes.subarray(0, 8))), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(checksum(data)), true);
  return bytes;
}

/** A checksum that is stored beside what it is of is turned and moved, lest checksums of checksums are all alike. */
function masked(sum: number): number {
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}
