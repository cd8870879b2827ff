import { spawnSync } from 'node:child_process';
import { realpathSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { firstUserFrame } from '../graph/issues.ts';
import { otherThanCode } from './codeText.ts';
import { isParsed } from './isParsed.ts';
import { errorText, exitCodes, UsageError } from './usage.ts';
import { type Endless, inTime } from './watchdog.ts';

/**
 * What a file of JavaScript or TypeScript exports. One that does not come to an end in time ends the process, as wrong usage does, with
 * what held it up.
 *
 * @param file its name, as it was typed
 * @param seconds that it may take
 * @throws UsageError where it is something else, does not compile, or throws: with its place, where that is known
 */
export async function importModel(path: string, file: string, seconds: number): Promise<unknown> {
  const other = otherThanCode(path);
  if (other !== undefined)
    throw new UsageError(
      `${file} holds ${other}: name a file of JavaScript or TypeScript that exports a module`,
    );
  if (/\.[cm]?tsx?$/.test(path) && !readsTypeScript()) await registerTsx(path);
  const hasBegun = await parsing(path);
  const ends = (): void => {
    writeSync(2, `sinter: ${file} cannot be loaded: it ended the process, as process.exit() does\n`);
    process.exitCode = exitCodes.usage;
  };
  const tell = (why: Endless): void => {
    writeSync(2, errorText(messageOf(file, endlessText(why, seconds))));
  };
  process.once('exit', ends);
  const run = (): Promise<unknown> => import(pathToFileURL(path).href);
  try {
    return await inTime({ run, hasBegun, milliseconds: 1000 * seconds, tell });
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(messageOf(file, reasonOf(cause, path)), { cause });
  } finally {
    process.off('exit', ends);
  }
}

type Reason = readonly [reason: string, place: string | undefined];

function messageOf(file: string, [reason, place]: Reason): string {
  return `${file} cannot be loaded: ${reason}${place === undefined ? '' : `  at ${place}`}`;
}

function endlessText(why: Endless, seconds: number): Reason {
  const longer = '--load-timeout SECONDS waits longer';
  switch (why.kind) {
    case 'runs':
      return [`it ran for ${seconds} s without an end, as an endless loop does; ${longer}`, why.place];
    case 'loads':
      return [
        `it, or what it imports, was still being read and compiled after ${seconds} s; ${longer}`,
        undefined,
      ];
    case 'waits':
      return [`it waited for ${seconds} s at its top level, for what did not come; ${longer}`, undefined];
    case 'nothing':
      return [
        'it waits at its top level for what can never come: nothing is left that would end it',
        undefined,
      ];
    default:
      return why satisfies never;
  }
}

/** Asks whether a file is more than read: whether the engine has parsed it. Where there is no inspector that is taken for granted. */
async function parsing(path: string): Promise<() => boolean> {
  try {
    const { Session } = await import('node:inspector');
    // The engine knows where links lead.
    const file = realpathSync(path);
    return () => isParsed(file, new Session());
  } catch {
    // A build of Node without it.
    return () => true;
  }
}

function reasonOf(cause: unknown, path: string): Reason {
  const message = cause instanceof Error ? cause.message : String(cause);
  const compiled = transformError(message);
  if (compiled !== undefined) return compiled;
  // Node adds who imports; where that is this file, it is no news.
  return [
    message.replace(` imported from ${fileURLToPath(import.meta.url)}`, ''),
    placeOf(cause) ?? checkedPlace(cause, path),
  ];
}

/** The first error that esbuild tells of, `model.ts:3:4: ERROR: Expected ";"`, in its parts. */
function transformError(message: string): Reason | undefined {
  const found = /^Transform failed with \d+ errors?:\n(.+?):(\d+):\d+: ERROR: (.*)/.exec(message);
  if (found === null) return undefined;
  const [, path = '', line, text = ''] = found;
  return [text, `${path.slice(path.lastIndexOf('/') + 1)}:${line}`];
}

/** The line of the user's code that threw, `model.ts:12`; undefined where none did, or where the message says its own. */
function placeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || 'source' in cause) return undefined;
  // What does not compile has its place before the message: `file:///model.mjs:3`, or the path alone.
  const [first = ''] = (cause.stack ?? '').split('\n');
  if (cause instanceof SyntaxError && /:\d+$/.test(first)) return firstUserFrame(`    at ${first}:1`);
  // Packages that the model uses, and what loads it, are not the user's.
  const frames = (cause.stack ?? '').split('\n').filter((frame) => !frame.includes('node_modules'));
  return firstUserFrame(frames.join('\n'));
}

/** The line of a script that does not compile: Node tells it of scripts that it is asked to check, and of no module that is imported. */
function checkedPlace(cause: unknown, path: string): string | undefined {
  if (!(cause instanceof SyntaxError) || !/\.[cm]?js$/.test(path)) return undefined;
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' });
  const [first = ''] = stderr.split('\n');
  return firstUserFrame(`    at ${first}:1`);
}

/** Whether imports of TypeScript work already: Node strips types itself, or we run under tsx. */
function readsTypeScript(): boolean {
  const strips = 'typescript' in process.features && Boolean(process.features.typescript);
  return strips || import.meta.url.endsWith('.ts');
}

/** Registers tsx, found from the model's project, from here, or from the current folder. */
async function registerTsx(path: string): Promise<void> {
  for (const from of [path, import.meta.url, resolve('package.json')]) {
    const loader = resolveFrom(from);
    if (loader === undefined) continue;
    // Importing it is what `node --import tsx` does: it registers itself.
    await import(loader);
    return;
  }
  throw new UsageError(
    `this Node (${process.version}) reads no TypeScript: install tsx beside the model (npm i -D tsx), or use Node 22.18 or later`,
  );
}

function resolveFrom(from: string): string | undefined {
  try {
    return pathToFileURL(createRequire(from).resolve('tsx')).href;
  } catch {
    // Not there: the next place may have it.
    return undefined;
  }
}
