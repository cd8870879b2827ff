import { FormatError, reasonOf } from '../runtime/issues.ts';
import type { RandomAccess } from '../weights/index.ts';

/**
 * A file of a server that is read in parts, by requests for ranges; where the server knows none, or does not say how large the
 * file is, it is loaded whole. Other origins hide that size unless they send `Access-Control-Expose-Headers: Content-Range`.
 *
 * @throws FormatError `file` where there is no such file; from `read` where the file is another one by then
 */
export async function openUrl(url: string | URL): Promise<RandomAccess> {
  const name = String(url);
  const first = await fetched(name, { Range: 'bytes=0-0' });
  const size = sizeIn(first);
  if (first.status === 206 && size !== undefined) {
    // What was asked for to see is not wanted.
    await first.body?.cancel();
    return {
      name,
      size,
      async read(offset, length) {
        if (length === 0) return new Uint8Array();
        const range = `bytes=${offset}-${offset + length - 1}`;
        const part = required(name, await fetched(name, { Range: range }));
        if (part.status !== 206) throw new Error(`the server gave ${part.status} for a range`);
        if (sizeIn(part) !== size || version(part) !== version(first))
          throw new Error('another file than before: it was replaced on the server');
        return new Uint8Array(await part.arrayBuffer());
      },
    };
  }
  // A part of unknown size, or none, as of an empty file, says nothing: all of it is asked for.
  const isWhole = first.status !== 206 && first.status !== 416;
  if (!isWhole) await first.body?.cancel();
  const whole = required(name, isWhole ? first : await fetched(name, {}));
  const bytes = new Uint8Array(await whole.arrayBuffer());
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/** Bytes of a whole file, as the answer for a part of it says; undefined where it does not, or a page may not read it. */
function sizeIn({ headers }: Response): number | undefined {
  const size = Number(/\/(\d+)$/.exec(headers.get('Content-Range') ?? '')?.[1]);
  return Number.isSafeInteger(size) ? size : undefined;
}

/** What an answer says that changes with the file, where it says anything. */
function version({ headers }: Response): string | null {
  return headers.get('ETag') ?? headers.get('Last-Modified');
}

/** @throws FormatError `file` where nobody answers */
async function fetched(name: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  try {
    return await fetch(name, { headers });
  } catch (cause) {
    throw new FormatError('file', `${name}: cannot be loaded: ${reasonOf(cause)}`, { cause });
  }
}

/** @throws FormatError `file` where the server has no such file */
function required(name: string, response: Response): Response {
  if (!response.ok)
    throw new FormatError('file', `${name}: cannot be loaded: the server says ${response.status}`);
  return response;
}
