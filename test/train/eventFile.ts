/** What an event of TensorBoard says. */
export interface FoundEvent {
  readonly time: number;
  readonly step: number;
  readonly version: string;
  readonly values: Readonly<Record<string, number>>;
}

/**
 * Reads an event file by its format alone: records, whose checksums are recomputed bit by bit, of protocol buffers' fields.
 *
 * @throws RangeError where a record is cut or changed
 */
export function eventsIn(bytes: Buffer): FoundEvent[] {
  const events: FoundEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (data.length !== length) throw new RangeError(`record at ${at} is cut`);
    for (const [part, sum] of [
      [bytes.subarray(at, at + 8), bytes.readUInt32LE(at + 8)],
      [data, bytes.readUInt32LE(at + 12 + length)],
    ] as const)
      if (maskedSum(part) !== sum) throw new RangeError(`record at ${at} has another checksum`);
    events.push(eventOf(data));
    at += length + 16;
  }
  return events;
}

/** CRC-32C by long division, masked as TensorFlow does. */
function maskedSum(bytes: Uint8Array): number {
  let sum = 0xffffffffn;
  for (const byte of bytes) {
    sum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) sum = sum & 1n ? (sum >> 1n) ^ 0x82f63b78n : sum >> 1n;
  }
  sum ^= 0xffffffffn;
  return Number((((sum >> 15n) | (sum << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

function eventOf(data: Buffer): FoundEvent {
  let [time, step, version] = [0, 0, ''];
  const values: Record<string, number> = {};
  for (const [field, value] of fieldsOf(data)) {
    if (field === 1) time = value.readDoubleLE();
    if (field === 2) step = varint(value, 0)[0];
    if (field === 3) version = value.toString();
    if (field !== 5) continue;
    for (const [, summary] of fieldsOf(value)) {
      const parts = new Map(fieldsOf(summary));
      values[parts.get(1)?.toString() ?? ''] = parts.get(2)?.readFloatLE() ?? Number.NaN;
    }
  }
  return { time, step, version, values };
}

/** The fields of a message: their numbers and bytes. */
function fieldsOf(data: Buffer): [field: number, value: Buffer][] {
  const fields: [number, Buffer][] = [];
  for (let at = 0; at < data.length; ) {
    const [key, next] = varint(data, at);
    const wire = key & 7;
    let [from, to] = [next, next];
    if (wire === 0) to = varint(data, next)[1];
    else if (wire === 1) to = next + 8;
    else if (wire === 5) to = next + 4;
    else {
      const [length, start] = varint(data, next);
      [from, to] = [start, start + length];
    }
    fields.push([key >> 3, data.subarray(from, to)]);
    at = to;
  }
  return fields;
}

function varint(data: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = data[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}
