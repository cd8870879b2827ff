/** By this name Deno's kernel for Jupyter finds what a cell shows of an object, `Deno.jupyter.$display`. */
const display: unique symbol = Symbol.for('Jupyter.display') as never;

/** What others call it. */
const otherName = Symbol.for('Deno.jupyter.display');

/** What a cell shows, by its MIME type: the first one that a front end knows. */
export interface Displayed {
  readonly 'text/html': string;
  readonly 'text/plain': string;
}

/**
 * Gives an object, or a class by its prototype, what cells of notebooks show of it. It costs nothing where nobody asks.
 *
 * @param html loads what makes HTML, and makes it
 * @param text what stands in its place where there is no HTML
 */
export function displayAs<T extends object>(
  target: T,
  html: (value: T) => Promise<string>,
  text: (value: T) => string,
): void {
  async function displayed(this: T): Promise<Displayed> {
    return { 'text/html': await html(this), 'text/plain': text(this) };
  }
  // Not enumerable: what is shown of an object is not part of its data.
  for (const name of [display, otherName])
    Object.defineProperty(target, name, { configurable: true, value: displayed });
}

/**
 * What a notebook shows of a value, as HTML: of a tensor, a module, a compiled program, a history of training; of what a run gave,
 * of arrays and of numbers. Deno's kernel for Jupyter asks for it by itself, except for plain numbers and objects; Observable
 * shows elements.
 *
 * ```ts
 * Object.assign(document.createElement('div'), { innerHTML: await htmlOf(await session.run('predict', { x })) });
 * ```
 *
 * @returns one element, with its styles; text of models is escaped in it
 */
export async function htmlOf(value: unknown): Promise<string> {
  if (isDisplayable(value)) return (await value[display]())['text/html'];
  return (await import('./valuesHtml.ts')).valuesHtml(value);
}

function isDisplayable(value: unknown): value is { readonly [display]: () => Promise<Displayed> } {
  return typeof value === 'object' && value !== null && display in value;
}
