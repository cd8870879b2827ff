import type { Look, LookPass } from './look.ts';

/*
 * How looks lie in a page, and are read out of it again: one island of JSON, and beside it the texts of passes, deflated, since
 * they are ten times the rest. Names and texts of models may hold anything; nothing of them is markup here.
 */

/** Ids of the elements that hold looks. */
const [LOOKS, TEXTS] = ['sinter-looks', 'sinter-texts'] as const;

/** The islands of some looks, as HTML. */
export async function islandsOf(looks: readonly Look[]): Promise<string> {
  const texts = looks.map(({ passes }) => passes.map(({ text }) => text ?? null));
  const bare = looks.map((look) => ({ ...look, passes: look.passes.map(withoutText) }));
  return [
    `<script type="application/json" id="${LOOKS}">${dataText(bare)}</script>`,
    `<script type="application/octet-stream" id="${TEXTS}">${await deflated(JSON.stringify(texts))}</script>`,
  ].join('\n');
}

/** Said of a file that is something else. */
export const NO_PAGE = 'it is no page that sinter inspect --html writes';

/**
 * The looks in a page's text, as a file has it.
 *
 * @throws TypeError where there are none, or they are not of this version
 */
export async function looksInText(html: string): Promise<readonly Look[]> {
  return looksOf((id) => new RegExp(`<script type="[\\w/-]+" id="${id}">([^<]*)</script>`).exec(html)?.[1]);
}

/** The looks in a page that is open. @throws TypeError where there are none, or they are not of this version */
export async function looksInPage(page: Pick<Document, 'getElementById'>): Promise<readonly Look[]> {
  return looksOf((id) => page.getElementById(id)?.textContent ?? undefined);
}

async function looksOf(island: (id: string) => string | undefined): Promise<readonly Look[]> {
  const [looks, texts] = [island(LOOKS), island(TEXTS)];
  if (looks === undefined || texts === undefined) throw new TypeError(NO_PAGE);
  const bare: unknown = JSON.parse(looks);
  const all: unknown = JSON.parse(await inflated(texts));
  if (!Array.isArray(bare) || !Array.isArray(all)) throw new TypeError('its looks are not a list');
  return bare.map((look: unknown, k) => withTexts(checked(look), all[k]));
}

/** @throws TypeError where it is not a look, or one of another version */
function checked(value: unknown): Look {
  if (!isLook(value)) {
    const { format, version } = Object(value) as { readonly format?: unknown; readonly version?: unknown };
    const found = format === 'sinter-look' ? `a look of version ${String(version)}` : 'no look';
    throw new TypeError(`it holds ${found}, where one of version 1 is expected`);
  }
  return value;
}

/** By what says what it is: the rest was written by this library. */
function isLook(value: unknown): value is Look {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    value.format === 'sinter-look' &&
    'version' in value &&
    value.version === 1 &&
    'passes' in value &&
    Array.isArray(value.passes)
  );
}

function withTexts(look: Look, texts: unknown): Look {
  if (!Array.isArray(texts)) throw new TypeError('it lacks the texts of passes');
  const passes = look.passes.map((pass, k): LookPass => {
    const text: unknown = texts[k];
    return typeof text === 'string' ? { ...pass, text } : pass;
  });
  return { ...look, passes };
}

function withoutText({ text: _, ...pass }: LookPass): Omit<LookPass, 'text'> {
  return pass;
}

/**
 * Plain data as JSON that ends no element, opens none, and has no character that a terminal, an editor or a script would take for
 * anything but text.
 */
export function dataText(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    UNSAFE,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Markup, controls, line separators, and what turns the direction of text. */
const UNSAFE =
  /[<>&\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]/g;

/** A text, deflated, in base64. */
async function deflated(text: string): Promise<string> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return base64(new Uint8Array(await new Response(packed).arrayBuffer()));
}

async function inflated(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).text();
}

/** Bytes that are turned into characters at once: arguments of one call. */
const CHUNK = 8192;

function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let k = 0; k < bytes.length; k += CHUNK)
    parts.push(String.fromCharCode(...bytes.subarray(k, k + CHUNK)));
  return btoa(parts.join(''));
}
