import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type Field, fieldsOf, isMessage, type Message, type MessageName, type Scalars } from './messages.ts';
import { isNumber, wires } from './read.ts';

/** Writes a message: its fields in the order of the table, lists of numbers behind one tag each. */
export function writeMessage<Name extends MessageName>(name: Name, message: Message<Name>): Uint8Array {
  const writer = new BinaryWriter();
  writeFields(writer, name, message);
  return writer.finish();
}

function writeFields(writer: BinaryWriter, name: MessageName, message: object): void {
  const values = new Map<string, unknown>(Object.entries(message));
  for (const [key, field] of Object.entries(fieldsOf[name])) {
    const value = values.get(key);
    if (value === undefined) continue;
    if (!Array.isArray(value)) writeField(writer, field, value);
    else if (!isNumber(field.kind)) for (const item of value) writeField(writer, field, item);
    else if (value.length > 0) writePacked(writer, field, value);
  }
}

function writeField(writer: BinaryWriter, { number, kind }: Field, value: unknown): void {
  if (!isMessage(kind)) {
    writer.tag(number, wires[kind]);
    writeScalar(writer, kind, value);
    return;
  }
  writer.tag(number, WireType.LengthDelimited).fork();
  writeFields(writer, kind, Object(value));
  writer.join();
}

function writePacked(writer: BinaryWriter, { number, kind }: Field, values: readonly unknown[]): void {
  if (isMessage(kind)) return;
  writer.tag(number, WireType.LengthDelimited).fork();
  for (const value of values) writeScalar(writer, kind, value);
  writer.join();
}

function writeScalar(writer: BinaryWriter, kind: keyof Scalars, value: unknown): void {
  if (kind === 'int' && typeof value === 'bigint') writer.int64(value);
  else if (kind === 'float' && typeof value === 'number') writer.float(value);
  else if (kind === 'double' && typeof value === 'number') writer.double(value);
  else if (kind === 'text' && typeof value === 'string') writer.string(value);
  else if (kind === 'bytes' && value instanceof Uint8Array) writer.bytes(value);
  else throw new TypeError(`a field of kind ${kind} has a value of type ${typeof value}`);
}
