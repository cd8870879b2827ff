/** A link says what is wrong with it; what it would have opened is the example, or the first of all. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
}

/** What a link opens: an example, and the edited text of its model where there is one. */
export interface Linked {
  readonly example: string;
  readonly source?: string;
}

/** Most characters of a model in a link: a file that is larger was not written by hand. */
export const MOST_CHARACTERS = 200_000;

/**
 * The hash of a link: `#example=mnist-mlp`, or with the model `#example=mnist-mlp&model=…`, its text deflated, in base64 of URLs.
 */
export async function hashOf({ example, source }: Linked): Promise<string> {
  const name = `#example=${encodeURIComponent(example)}`;
  if (source === undefined) return name;
  const packed = await throughStream(
    new TextEncoder().encode(source),
    new CompressionStream('deflate-raw'),
    Number.POSITIVE_INFINITY,
  );
  return `${name}&model=${base64Url(packed)}`;
}

/**
 * What a hash opens; undefined where it is not a link's.
 *
 * @throws LinkError where it names an example that is not there, or its model cannot be read
 */
export async function linkedBy(hash: string, examples: readonly string[]): Promise<Linked | undefined> {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const [example, model] = [fields.get('example'), fields.get('model')];
  if (example === null && model === null) return undefined;
  if (example === null || !examples.includes(example)) {
    const what = example === null ? 'names no example' : `names the example ${JSON.stringify(example)}`;
    throw new LinkError(`The link ${what}. There are: ${examples.join(', ')}.`);
  }
  if (model === null) return { example };
  return { example, source: await unpacked(model) };
}

async function unpacked(model: string): Promise<string> {
  try {
    const bytes = await throughStream(
      bytesOfBase64Url(model),
      new DecompressionStream('deflate-raw'),
      // A character is at most three bytes of UTF-8.
      3 * MOST_CHARACTERS,
    );
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof LinkError) throw error;
    throw new LinkError(
      'The link is cut off or changed: its model cannot be read. Copy the whole link again.',
      {
        cause: error,
      },
    );
  }
}

/** Bytes through a stream that packs or unpacks them; what would be larger than `most` is refused before it is made. */
async function throughStream(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of new Blob([bytes]).stream().pipeThrough(stream)) {
    length += part.length;
    if (length > most) throw new LinkError(`The link holds more than ${MOST_CHARACTERS} characters.`);
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function base64Url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function bytesOfBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
