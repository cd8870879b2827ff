import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { OnnxError } from '../issues.ts';
import { type Field, fieldsOf, isMessage, type Message, type MessageName, type Scalars } from './messages.ts';

/** How deep messages may be nested: what readers of protocol buffers in other languages take by default. */
const DEEPEST = 100;

/**
 * Reads a message that is all of `bytes`. Tensors' bytes are views of it. As protocol buffers demand, unknown fields and those with
 * another type of wire are skipped, of single values the last counts, and single messages are merged.
 *
 * The work is linear in the bytes: nothing is allocated for what lengths promise and the file does not have.
 *
 * @throws OnnxError `truncated`, `malformed`, `depth`, with the byte
 */
export function readMessage<Name extends MessageName>(name: Name, bytes: Uint8Array): Message<Name>;
export function readMessage(name: MessageName, bytes: Uint8Array): object {
  const reader = new BinaryReader(bytes);
  const into: Fields = {};
  try {
    readFields({ reader, name, end: bytes.length, depth: 0 }, into);
  } catch (thrown) {
    // The package throws plain errors: of numbers that are too long, of tags that cannot be, and of the end.
    if (thrown instanceof OnnxError || !(thrown instanceof Error)) throw thrown;
    const isCut = reader.pos >= bytes.length;
    const text = isCut
      ? 'the file ends inside a field: it is truncated'
      : `not an ONNX file, or a damaged one: ${thrown.message}`;
    throw new OnnxError(isCut ? 'truncated' : 'malformed', text, Math.min(reader.pos, bytes.length), {
      cause: thrown,
    });
  }
  return into;
}

type Fields = Record<string, unknown>;

/** Where a reader is: in a message, which ends before a byte. */
interface Place {
  readonly reader: BinaryReader;
  readonly name: MessageName;
  readonly end: number;
  readonly depth: number;
}

function readFields(place: Place, into: Fields): void {
  const { reader, name, end } = place;
  const fields = byNumber.get(name);
  while (reader.pos < end) {
    const start = reader.pos;
    const [number, wire] = reader.tag();
    const field = fields?.get(number);
    if (field === undefined || !takes(field, wire)) {
      reader.skip(wire, number);
    } else if (field.isMany) {
      const list = listIn(into, field.key);
      if (wire === WireType.LengthDelimited && isNumber(field.kind)) readPacked(place, field, list);
      else list.push(readValue(place, field, undefined));
    } else {
      into[field.key] = readValue(place, field, into[field.key]);
    }
    if (reader.pos > end) throw beyond(place, `field ${number}`, reader.pos, start);
  }
}

/** One value of a field. @param before the message to be merged with, where there is one */
function readValue(place: Place, field: Row, before: unknown): unknown {
  const { reader, depth } = place;
  const { kind } = field;
  if (!isMessage(kind)) {
    if (kind === 'text' || kind === 'bytes') {
      const start = reader.pos;
      endOf(place, field);
      reader.pos = start;
    }
    return readers[kind](reader);
  }
  if (depth === DEEPEST) {
    const text = `${place.name}.${field.key} is nested deeper than ${DEEPEST} messages`;
    throw new OnnxError('depth', text, reader.pos);
  }
  const end = endOf(place, field);
  const into: Fields = { ...Object(before) };
  readFields({ reader, name: kind, end, depth: depth + 1 }, into);
  return into;
}

/** Numbers that stand behind one tag. */
function readPacked(place: Place, field: Row, list: unknown[]): void {
  const { reader } = place;
  const { kind } = field;
  if (isMessage(kind)) return;
  const start = reader.pos;
  const end = endOf(place, field);
  while (reader.pos < end) list.push(readers[kind](reader));
  if (reader.pos > end) throw beyond(place, `a number of ${place.name}.${field.key}`, reader.pos, start);
}

/** The byte behind a field that begins with its length. @throws OnnxError where its message or the file ends before */
function endOf(place: Place, { key }: Row): number {
  const { reader, name } = place;
  const start = reader.pos;
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > place.end) throw beyond(place, `${name}.${key}`, end, start);
  return end;
}

function beyond(place: Place, what: string, end: number, start: number): OnnxError {
  const { reader, name } = place;
  if (end > reader.len) {
    const text = `${what} ends at byte ${end}, and the file has ${reader.len}: it is truncated`;
    return new OnnxError('truncated', text, start);
  }
  const text = `${what} ends at byte ${end}, behind the ${name} that it is in, which ends at byte ${place.end}`;
  return new OnnxError('malformed', text, start);
}

/** The list of a field, which is made where there is none. */
function listIn(into: Fields, key: string): unknown[] {
  const list = into[key];
  if (Array.isArray(list)) return list;
  const made: unknown[] = [];
  into[key] = made;
  return made;
}

const readers: { readonly [K in keyof Scalars]: (reader: BinaryReader) => Scalars[K] } = {
  int: (reader) => BigInt(reader.int64()),
  float: (reader) => reader.float(),
  double: (reader) => reader.double(),
  text: (reader) => reader.string(),
  bytes: (reader) => reader.bytes(),
};

/** How a value of each kind stands behind its tag. */
export const wires = {
  int: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
  text: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
} as const satisfies Record<keyof Scalars, WireType>;

/** Whether values of a kind may stand behind one tag. */
export function isNumber(kind: Field['kind']): boolean {
  return kind === 'int' || kind === 'float' || kind === 'double';
}

function takes({ kind, isMany }: Field, wire: WireType): boolean {
  if (wire === (isMessage(kind) ? WireType.LengthDelimited : wires[kind])) return true;
  return isMany && isNumber(kind) && wire === WireType.LengthDelimited;
}

interface Row extends Field {
  readonly key: string;
}

const byNumber: ReadonlyMap<string, ReadonlyMap<number, Row>> = new Map(
  Object.entries(fieldsOf).map(([name, fields]) => [
    name,
    new Map(Object.entries(fields).map(([key, field]) => [field.number, { ...field, key }])),
  ]),
);
