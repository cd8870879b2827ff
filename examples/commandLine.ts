/** The command line of the examples: numbers with defaults, the target, and `--help`. */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type TargetName, targetNames } from 'sinter';

/** A number that may be given. */
export interface NumberOption {
  readonly value: number;
  readonly about: string;
  /** What it must be, and that in words; a whole number above 0 where both are left out. */
  readonly holds?: (n: number) => boolean;
  readonly says?: string;
}

/** What every example takes. */
export interface CommonOptions {
  readonly target: 'auto' | TargetName;
  /** Of first values, and of everything else that is drawn. */
  readonly seed: number;
  /** Of WebAssembly; as many as there are cores where it is left out. */
  readonly threads?: number;
}

/**
 * The options of the command line.
 *
 * @param about   one sentence, for `--help`
 * @param numbers the options of the example besides `--target`, `--seed` and `--threads`
 * @param texts   what others are about, whose values are texts: they may be left out
 * @returns undefined where only help was asked for
 * @throws Error where an option is not what it must be
 */
export function commandLine<Name extends string, Text extends string = never>(
  about: string,
  numbers: Readonly<Record<Name, NumberOption>>,
  texts?: Readonly<Record<Text, string>>,
): (Readonly<Record<Name, number>> & Readonly<Partial<Record<Text, string>>> & CommonOptions) | undefined {
  const all: Readonly<Record<string, NumberOption>> = {
    ...numbers,
    seed: {
      value: 1,
      about: 'of first values and what else is drawn',
      holds: Number.isInteger,
      says: 'a whole number',
    },
  };
  const names = Object.keys(all);
  const others: Readonly<Record<string, string>> = texts ?? {};
  const given = Object.fromEntries(
    [...names, ...Object.keys(others)].map((name) => [name, { type: 'string' } as const]),
  );
  const options = {
    ...given,
    target: { type: 'string' },
    threads: { type: 'string' },
    help: { type: 'boolean' },
  } as const;
  const values: Readonly<Record<string, unknown>> = parseArgs({ options }).values;
  if (values.help === true) {
    const line = (name: string, what: string): string => `  --${name.padEnd(11)} ${what}`;
    const lines = names.map((name) => line(`${name} N`, `${all[name]?.about} (${all[name]?.value})`));
    const last = [
      ...Object.entries(others).map(([name, what]) => line(`${name} T`, what)),
      line('target T', `auto (a GPU, else WebAssembly), ${targetNames.join(', ')} (auto)`),
      line('threads N', 'of WebAssembly (as many as there are cores)'),
    ];
    process.stdout.write(`${[about, '', ...lines, ...last].join('\n')}\n`);
    return undefined;
  }
  const numberOf = (name: string, { value, holds = isCount, says = COUNT }: NumberOption): number => {
    const text = values[name];
    return typeof text === 'string' ? numberFrom(name, text, holds, says) : value;
  };
  const found: Readonly<Record<string, number>> = Object.fromEntries(
    Object.entries(all).map(([name, option]) => [name, numberOf(name, option)]),
  );
  if (!hasAll(found, numbers)) throw new TypeError('every option has a value');
  const common: CommonOptions = {
    seed: found.seed ?? 1,
    target: targetOf(values.target),
    ...(typeof values.threads === 'string'
      ? { threads: numberFrom('threads', values.threads, isCount, COUNT) }
      : {}),
  };
  const said: Readonly<Record<string, string>> = Object.fromEntries(
    Object.keys(others).flatMap((name) => {
      const value = values[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
  if (!hasOnly<Text>(said, others)) throw new TypeError('texts that were not asked for');
  return Object.assign({}, found, said, common);
}

/**
 * Runs an example if it is the program, and not a module that another file, such as `sinter inspect`, imports; says what is
 * wrong, and ends with 1, where something is.
 *
 * @param file the example's `import.meta.url`
 */
export async function runExample(file: string, example: () => Promise<void>): Promise<void> {
  if (file !== pathToFileURL(process.argv[1] ?? '').href) return;
  try {
    await example();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

function isCount(n: number): boolean {
  return Number.isInteger(n) && n > 0;
}

/** What {@link isCount} asks, in words. */
const COUNT = 'a whole number above 0';

function numberFrom(name: string, text: string, holds: (n: number) => boolean, says: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && holds(value)) return value;
  throw new Error(`--${name} ${text}: it must be ${says}`);
}

function targetOf(text: unknown): 'auto' | TargetName {
  if (text === undefined || text === 'auto') return 'auto';
  const found = targetNames.find((name) => name === text);
  if (found !== undefined) return found;
  throw new Error(`--target ${String(text)}: it must be one of auto, ${targetNames.join(', ')}`);
}

function hasAll<Name extends string>(
  given: Readonly<Record<string, number>>,
  wanted: Readonly<Record<Name, unknown>>,
): given is Readonly<Record<Name, number>> {
  return Object.keys(wanted).every((name) => name in given);
}

function hasOnly<Text extends string>(
  said: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, unknown>>,
): said is Readonly<Partial<Record<Text, string>>> & Readonly<Record<string, string>> {
  return Object.keys(said).every((name) => name in wanted);
}
