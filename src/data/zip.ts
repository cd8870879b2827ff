import { unlike } from '../runtime/unlike.ts';
import { checkCrc, checkUnpacked, inflated, mostBytes, type ReadOptions } from './inflate.ts';
import { requireBytes } from './issues.ts';

// Positions of fields are those of APPNOTE.TXT 6.3.10, PKWARE. The table at the end is read here: fflate's own reader goes on
// for ever in one that says it has large fields and has none, and compares no checksums.

const END = 0x06054b50;
const END_BYTES = 22;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
/** The longest comment behind the end. */
const MOST_COMMENT = 0xffff;
/** Fields of 32 bits that say that the value is in another place (zip64). */
const ELSEWHERE = 0xffffffff;

/** A file within a zip file. */
export interface ZipEntry {
  readonly name: string;
  /** Unpacks it. @throws FormatError where it is damaged */
  readonly read: () => Uint8Array;
}

/**
 * The files in a zip file, in order; nothing is unpacked yet. None may be encrypted, or larger than 4 GiB.
 *
 * @param at what errors call the file
 * @throws FormatError `file` where it is something else, is cut, or comes to too many bytes when unpacked
 */
export function zipEntries(bytes: Uint8Array, at: string, options: ReadOptions): ZipEntry[] {
  requireBytes(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view, at);
  const count = view.getUint16(end + 10, true);
  let place = view.getUint32(end + 16, true);
  const most = mostBytes(bytes, options);
  let total = 0;
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  for (let k = 0; k < count; k++) {
    if (place + ENTRY_BYTES > end || view.getUint32(place, true) !== ENTRY)
      unlike(at, `an entry of the table of files at byte ${place}`, 'something else');
    const field = (offset: number): number => view.getUint32(place + offset, true);
    const short = (offset: number): number => view.getUint16(place + offset, true);
    const nameLength = short(28);
    const next = place + ENTRY_BYTES + nameLength + short(30) + short(32);
    if (next > end) unlike(at, `an entry of the table of files at byte ${place}`, 'one that is cut');
    const name = new TextDecoder().decode(
      bytes.subarray(place + ENTRY_BYTES, place + ENTRY_BYTES + nameLength),
    );
    const file = `${at}, ${name}`;
    if (names.has(name)) unlike(at, 'files of different names', `two of ${name}`);
    names.add(name);
    const [flags, method, crc, packed, size, start] = [
      short(8),
      short(10),
      field(16),
      field(20),
      field(24),
      field(42),
    ];
    if (flags & 1) unlike(file, 'a file that is not encrypted', 'one that is');
    if (method !== 0 && method !== 8) unlike(file, 'a file that is stored or deflated', `method ${method}`);
    if ([packed, size, start].includes(ELSEWHERE)) unlike(file, 'a file of less than 4 GiB', 'a larger one');
    total += size;
    checkUnpacked(total, most, at);
    entries.push({ name, read: () => contents(bytes, view, { start, packed, size, crc, method }, file) });
    place = next;
  }
  return entries;
}

interface Place {
  readonly start: number;
  readonly packed: number;
  readonly size: number;
  readonly crc: number;
  readonly method: number;
}

function contents(bytes: Uint8Array, view: DataView, place: Place, at: string): Uint8Array {
  const { start, packed, size, crc, method } = place;
  if (start + LOCAL_BYTES > bytes.length || view.getUint32(start, true) !== LOCAL)
    unlike(at, `its header at byte ${start}`, 'something else');
  const first = start + LOCAL_BYTES + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
  if (first + packed > bytes.length)
    unlike(at, `${packed} bytes from byte ${first} on`, 'the end of the file');
  const data = bytes.subarray(first, first + packed);
  if (method === 8) return inflated(data, size, crc, at);
  if (packed !== size) unlike(at, `${size} bytes, stored as they are`, `${packed}`);
  checkCrc(data, crc, at);
  return data;
}

/** Where the record at the end begins; behind it may be a comment. */
function endOf(view: DataView, at: string): number {
  const last = view.byteLength - END_BYTES;
  for (let end = last; end >= 0 && end >= last - MOST_COMMENT; end--)
    if (
      view.getUint32(end, true) === END &&
      end + END_BYTES + view.getUint16(end + 20, true) === view.byteLength
    )
      return end;
  return unlike(at, 'a zip file, with its table of files at the end', `${view.byteLength} bytes without one`);
}
