import { type ByteSource, bytesSource } from '../data/index.ts';
import { FormatError, reasonOf } from '../runtime/issues.ts';

/** A file: its address, a `File` or a `Blob`, or its bytes. */
export type FileLike = string | URL | Blob | Uint8Array;

/** How much has come. */
export interface FetchProgress {
  /** Bytes. */
  readonly loaded: number;
  /** Bytes in all; undefined where the server does not say. */
  readonly total: number | undefined;
}

/** How files are fetched. */
export interface FetchOptions {
  readonly onProgress?: (progress: FetchProgress) => unknown;
  /** Ends what is fetched, with its reason. */
  readonly signal?: AbortSignal;
}

/** A file's bytes, and what errors call it. @throws FormatError `file` where it cannot be had; the reason of a signal */
export async function fileContents(
  file: FileLike,
  options: FetchOptions = {},
): Promise<{ readonly bytes: Uint8Array; readonly name: string }> {
  const name = nameOf(file);
  if (file instanceof Uint8Array) return { bytes: file, name };
  const { pieces, size } = await open(file, name, options.signal);
  const parts: Uint8Array[] = [];
  let loaded = 0;
  for await (const piece of reading(pieces, name, options.signal)) {
    parts.push(piece);
    loaded += piece.length;
    options.onProgress?.({ loaded, total: size });
  }
  return {
    bytes: new Uint8Array(await new Blob(parts.map((part) => new Uint8Array(part))).arrayBuffer()),
    name,
  };
}

/** A file as bytes that are read in pieces, when they are asked for. */
export function fileSource(file: FileLike, options: Pick<FetchOptions, 'signal'> = {}): ByteSource {
  const name = nameOf(file);
  if (file instanceof Uint8Array) return bytesSource(file, name);
  return {
    name,
    async *pieces() {
      yield* reading((await open(file, name, options.signal)).pieces, name, options.signal);
    },
  };
}

interface Opened {
  readonly pieces: ReadableStream<Uint8Array>;
  readonly size: number | undefined;
}

async function open(
  file: string | URL | Blob,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  if (file instanceof Blob) return { pieces: file.stream(), size: file.size };
  const response = await fetch(file, signal ? { signal } : {}).catch((cause: unknown) => {
    throw unreachable(name, cause, signal);
  });
  const { ok, status, statusText, headers, body } = response;
  if (!ok || !body) {
    await body?.cancel();
    throw new FormatError(
      'file',
      `${name}: cannot be fetched: the server answers ${`${status} ${statusText}`.trim()}`,
    );
  }
  // Of an answer that is packed on its way, the length is that of what is packed.
  const length = headers.get('content-encoding') ? null : headers.get('content-length');
  return { pieces: body, size: length === null ? undefined : Number(length) };
}

/** The pieces of a stream, which is cancelled where they are not read to the end. */
async function* reading(
  stream: ReadableStream<Uint8Array>,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read().catch((cause: unknown) => {
        ended = true;
        throw unreachable(name, cause, signal);
      });
      ended = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!ended) await reader.cancel();
  }
}

/** What to throw where a file does not come: the reason of the signal, if it ended it. */
function unreachable(name: string, cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  return new FormatError('file', `${name}: cannot be fetched: ${reasonOf(cause)}`, { cause });
}

function nameOf(file: FileLike): string {
  if (file instanceof File) return file.name;
  if (file instanceof Blob) return 'the blob';
  return file instanceof Uint8Array ? 'the bytes' : String(file);
}
