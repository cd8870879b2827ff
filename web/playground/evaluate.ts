import { transform } from 'sucrase';
import * as data from '../../src/data/index.ts';
import { exportedModules } from '../../src/graph/exported.ts';
import { firstUserFrame } from '../../src/graph/issues.ts';
import * as sinter from '../../src/index.ts';
import * as weights from '../../src/weights/index.ts';
import { ModelError } from './modelError.ts';

/** What nodes, errors and the report call the text of the editor. */
export const MODEL_FILE = 'model.ts';

/** What a model may import. */
const doors: ReadonlyMap<string, object> = new Map<string, object>([
  ['sinter', sinter],
  ['sinter/data', data],
  ['sinter/weights', weights],
]);

/**
 * The module that the text of a TypeScript file exports. It runs with the rights of whoever calls: types are stripped, and its
 * imports are the doors of the library. Every line stays where it is, so that what it declares, and what it throws, names its line.
 *
 * @throws ModelError where it is not TypeScript, throws, imports anything else, or does not export one module
 */
export async function evaluateModel(source: string): Promise<sinter.Module> {
  const modules = new Set(exportedModules(await exportsOf(scriptOf(source))).values());
  const [only, ...others] = modules;
  if (only === undefined)
    throw new ModelError(
      'the model exports no module; export what defineModule returns: export const model = …',
    );
  if (others.length > 0)
    throw new ModelError(
      `the model exports ${modules.size} modules (${[...modules].map(({ name }) => name).join(', ')}); export the one that is to train`,
    );
  return only;
}

/** The text without its types, its imports as calls. @throws ModelError */
function scriptOf(source: string): string {
  try {
    return transform(source, {
      transforms: ['typescript', 'imports'],
      disableESTransforms: true,
      // What is imported is an object of ours: it needs no wrapping by a `default`.
      preserveDynamicImport: true,
    }).code;
  } catch (cause) {
    throw syntaxError(cause);
  }
}

/** An error of the parser: `Error transforming …: Unexpected token (3:10)`, whose place stands in `loc` too. */
function syntaxError(cause: unknown): unknown {
  const { message, loc }: { message?: unknown; loc?: unknown } = Object(cause);
  const { line, column }: { line?: unknown; column?: unknown } = Object(loc);
  if (typeof message !== 'string' || typeof line !== 'number' || typeof column !== 'number') return cause;
  const what = message.replace(/^Error transforming .*?: /, '').replace(/ \(\d+:\d+\)$/, '');
  return new ModelError(`this is not TypeScript: ${lowered(what)}`, { line, column }, cause);
}

/**
 * Runs a script, and gives what it exported. Within an `async` function, so that it may `await` at its top.
 *
 * That function is the default of a parameter: the language puts parameters on the first line of what `Function` makes, and a body on
 * the third. So each line of the script is the same line of its stacks, and by the comment in the body they call it as the editor does.
 */
async function exportsOf(script: string): Promise<Record<string, unknown>> {
  const exported: Record<string, unknown> = {};
  try {
    const made: unknown = new Function(
      `run = async (require, exports) => {${script}\n}`,
      `return run;\n//# sourceURL=${MODEL_FILE}`,
    )();
    if (typeof made !== 'function') throw new TypeError('a function evaluates to something else');
    await made(door, exported);
  } catch (cause) {
    throw thrown(cause);
  }
  return exported;
}

/** What an import gives. */
function door(name: string): object {
  const found = doors.get(name);
  if (found !== undefined) return found;
  const why = /^sinter\/(node|browser|runtime|train)/.test(name)
    ? ', which is for programs around a model'
    : '';
  throw new ModelError(
    `the model imports ${JSON.stringify(name)}${why}: models here import ${[...doors.keys()].join(', ')} alone`,
    placeIn(lineOf(new Error())),
  );
}

/** What a model threw, with its line: by the frames of V8, SpiderMonkey or JavaScriptCore. */
export function thrown(cause: unknown): ModelError {
  if (cause instanceof ModelError) return cause;
  if (!(cause instanceof Error)) return new ModelError(`the model throws ${String(cause)}`, {}, cause);
  const named = 'source' in cause && typeof cause.source === 'string' ? cause.source : undefined;
  const place = placeIn(named ?? lineOf(cause));
  const isPlain = cause.name === 'Error' || 'code' in cause;
  // The line is told beside the message.
  const message = named === undefined ? cause.message : cause.message.replace(`  at ${named}`, '');
  return new ModelError(isPlain ? message : `${cause.name}: ${message}`, place, cause);
}

/** The innermost line of the model in an error's stack, `model.ts:12`: what it calls, and who calls it, is not the person's. */
function lineOf({ stack = '' }: Error): string | undefined {
  const own = stack.split('\n').filter((frame) => new RegExp(`(^|[\\s(@])${MODEL_FILE}:\\d`).test(frame));
  return firstUserFrame(own.join('\n'));
}

/** The line of `model.ts:12`; none of another file's. */
function placeIn(source: string | undefined): { readonly line?: number } {
  const [, file, line] = /^(.*):(\d+)$/.exec(source ?? '') ?? [];
  return file === MODEL_FILE ? { line: Number(line) } : {};
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
