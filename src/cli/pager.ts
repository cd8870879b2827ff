import { spawn } from 'node:child_process';
import type { Terminal } from './run.ts';

/** What the shell ends with where there is no such command. */
const NOT_FOUND = 127;

/**
 * Shows a long text: on a terminal through `$PAGER`, or `less`, as far as there is one; elsewhere as it is.
 *
 * An empty `PAGER` is none. `less` is told to keep colours, and to end at once where all fits the screen, unless `LESS` says otherwise.
 */
export async function paged(text: string, { stdout, env }: Terminal): Promise<void> {
  const pager = env.PAGER ?? 'less';
  const isShown = stdout.isTTY === true && pager.trim() !== '' && (await through(pager, text, env));
  if (!isShown) stdout.write(text);
}

/** Whether a pager was there, and showed it. */
function through(pager: string, text: string, env: Terminal['env']): Promise<boolean> {
  // An interrupt is for the pager: who is left with it, without us, has a terminal that two processes read.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  return new Promise<boolean>((resolve) => {
    const child = spawn(pager, {
      shell: true,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...env, LESS: env.LESS ?? 'FR' },
    });
    // Whoever has seen enough leaves before the end.
    child.stdin.on('error', () => {});
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code !== NOT_FOUND));
    child.stdin.end(text);
  }).finally(() => process.off('SIGINT', ignore));
}
