import { unlike } from '../runtime/unlike.ts';
import type { NumberArray } from './batch.ts';
import { ByteReader, type ByteSource, contentsOf } from './bytes.ts';
import { type Encoding, elementsOf } from './elements.ts';
import { idxHeader, idxHeaderLength } from './idx.ts';
import { requireSource } from './issues.ts';
import { NPY_PREFIX, npyHeaderLength, parseNpyHeader } from './npyHeader.ts';
import { PIECE_BYTES } from './piece.ts';
import { DataStream } from './stream.ts';

/** Which rows lie in a file. */
interface Rows {
  readonly encoding: Encoding;
  readonly shape: readonly number[];
  /** Bytes of all rows. */
  readonly length: number;
}

/**
 * The rows of an idx file, one after the other, as the file is read: `data[i]` for each i of the first dimension.
 *
 * @throws FormatError `file`, when it is read, as `readIdx`
 */
export function streamIdx(source: ByteSource): DataStream<NumberArray> {
  return rowsOf(source, async (reader, at) => {
    const first = await reader.read(4);
    const rest = await reader.read(idxHeaderLength(first, at) - first.length);
    const { dtype, shape, length } = idxHeader(new Uint8Array([...first, ...rest]), at);
    return { encoding: { dtype, bigEndian: true }, shape, length };
  });
}

/**
 * The rows of an npy file, one after the other, as the file is read: `array[i]` for each i of the first dimension.
 *
 * @throws FormatError `file`, when it is read, as `readNpy`; also for an array whose first dimension is the fastest
 */
export function streamNpy(source: ByteSource): DataStream<NumberArray> {
  return rowsOf(source, async (reader, at) => {
    const first = await reader.read(NPY_PREFIX);
    const rest = await reader.read(npyHeaderLength(first, at) - first.length);
    const header = parseNpyHeader(new Uint8Array([...first, ...rest]), at);
    const { encoding, shape, fortran, length } = header;
    if (header.shape.length === 0) unlike(at, 'an array with rows', 'a single number');
    if (fortran && shape.length > 1)
      unlike(at, 'an array whose rows lie one after the other', 'fortran_order: True');
    return { encoding, shape, length };
  });
}

function rowsOf(
  source: ByteSource,
  header: (reader: ByteReader, at: string) => Promise<Rows>,
): DataStream<NumberArray> {
  requireSource(source);
  return DataStream.from(async function* () {
    const at = source.name;
    const reader = new ByteReader(contentsOf(source));
    try {
      const { encoding, shape, length } = await header(reader, at);
      const [count = 0] = shape;
      const bytes = count === 0 ? 0 : length / count;
      // A header of some bytes would give rows for ever.
      if (count > 0 && bytes === 0) unlike(at, 'rows with elements', `the shape [${shape.join(', ')}]`);
      const most = Math.max(1, Math.floor(PIECE_BYTES / bytes));
      for (let row = 0; row < count; row += most) {
        const rows = Math.min(most, count - row);
        const chunk = await reader.read(rows * bytes);
        if (chunk.length < rows * bytes)
          unlike(
            at,
            `${count} rows of ${bytes} bytes`,
            `the end in row ${row + Math.floor(chunk.length / bytes)}`,
          );
        const elements = elementsOf(encoding, chunk, at);
        const width = elements.length / rows;
        // Copies: who keeps a row, as a buffer that shuffles does, would keep the rows around it too.
        for (let k = 0; k < rows; k++) yield elements.slice(k * width, (k + 1) * width);
      }
      if ((await reader.read(1)).length > 0) unlike(at, `the end behind ${count} rows`, 'more bytes');
    } finally {
      await reader.close();
    }
  });
}
