import { FormatError, reasonOf } from '../runtime/issues.ts';
import type { RandomAccess } from '../weights/index.ts';

/**
 * A file of a server that is read in parts, by requests for ranges; where the server knows none, it is loaded whole.
 *
 * @throws FormatError `file` where there is no such file
 */
export async function openUrl(url: string | URL): Promise<RandomAccess> {
  const name = String(url);
  const first = await answer(name, 0, 1);
  const size = Number(/\/(\d+)$/.exec(first.headers.get('Content-Range') ?? '')?.[1]);
  if (first.status === 206 && Number.isSafeInteger(size)) {
    // What was asked for to see is not wanted.
    await first.body?.cancel();
    return {
      name,
      size,
      async read(offset, length) {
        const part = await answer(name, offset, length);
        if (part.status !== 206) throw new Error(`the server gave ${part.status} for a range`);
        return new Uint8Array(await part.arrayBuffer());
      },
    };
  }
  const bytes = new Uint8Array(await first.arrayBuffer());
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

async function answer(name: string, offset: number, length: number): Promise<Response> {
  if (length === 0) return new Response(new Uint8Array(), { status: 206 });
  let response: Response;
  try {
    response = await fetch(name, { headers: { Range: `bytes=${offset}-${offset + length - 1}` } });
  } catch (cause) {
    throw new FormatError('file', `${name}: cannot be loaded: ${reasonOf(cause)}`, { cause });
  }
  if (!response.ok)
    throw new FormatError('file', `${name}: cannot be loaded: the server says ${response.status}`);
  return response;
}
