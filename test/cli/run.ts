import { run } from '../../src/cli/run.ts';

/** What a run of the command line printed, and how it ended. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `sinter` in this process; its output is no terminal, its environment nothing but `env`. */
export async function sinter(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const printed = { out: '', err: '' };
  const stdout = {
    write: (text: string): void => {
      printed.out += text;
    },
  };
  const stderr = {
    write: (text: string): void => {
      printed.err += text;
    },
  };
  const code = await run(args, { stdout, stderr, env });
  return { code, ...printed };
}
