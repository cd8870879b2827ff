import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkProgram } from '../../src/runtime/check.ts';
import { type Kind, kinds, mutant, sound } from './mutants.ts';

/** Programs that are spoilt in each way; `SINTER_SEEDS=0-20000` takes others, and starts all that pass the check. */
const [first = 0, last = 0] = (process.env.SINTER_SEEDS ?? '0-400').split('-').map(Number);
const isLong = process.env.SINTER_SEEDS !== undefined;
/** Of those that pass the check, as many are started where nothing else is asked for. */
const started: Readonly<Record<Kind, number>> = { wasm: 60, webgpu: 6 };
/** Milliseconds after which a process that says nothing is taken to stand still. */
const STANDSTILL = 20_000;
/** Megabytes beyond twice what a program declares by which the peak of its process may grow: code, and what waits to be collected. */
const ROOM = 100;

describe.each(kinds)('a spoilt program for %s', (kind) => {
  test(
    'is refused by a typed error, or runs, or fails by one: it never hangs or takes more than it declares',
    async () => {
      const json = await sound(kind);
      const passing: number[] = [];
      const found: string[] = [];
      for (let seed = first; seed < last; seed++) {
        const { text, program } = mutant(json, seed);
        try {
          checkProgram(program);
          if (JSON.stringify(program) !== json) passing.push(seed);
        } catch (error) {
          if (!(error instanceof Error && error.name === 'FormatError'))
            found.push(`${seed}: ${text}: ${error}`);
        }
      }
      const outcomes = await run(kind, isLong ? passing : passing.slice(0, started[kind]));
      for (const [seed, outcome] of outcomes)
        if (!/^(ran|typed)/.test(outcome)) found.push(`${seed}: ${mutant(json, seed).text}: ${outcome}`);
      if (isLong) {
        const ran = [...outcomes.values()].filter((outcome) => outcome.startsWith('ran')).length;
        console.log(
          `${kind}: ${last - first} spoilt, ${passing.length} pass the check, ${ran} of ${outcomes.size} run`,
        );
      }
      expect(found).toEqual([]);
      expect(passing.length).toBeGreaterThan((last - first) / 8);
      expect(passing.length).toBeLessThan((last - first) / 2);
    },
    600_000 + 1000 * (last - first),
  );
});

/** Starts programs in a process of their own, and again in another where one stands still or dies. */
async function run(kind: Kind, seeds: readonly number[]): Promise<Map<number, string>> {
  const outcomes = new Map<number, string>();
  const script = fileURLToPath(new URL('./runMutants.ts', import.meta.url));
  for (let rest = [...seeds]; rest.length > 0; rest = seeds.filter((seed) => !outcomes.has(seed))) {
    const batch = rest.slice(0, 500);
    const child = spawn(process.execPath, ['--import', 'tsx', script, kind, ...batch.map(String)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let running: number | undefined;
    const stand = setTimeout(() => child.kill('SIGKILL'), STANDSTILL);
    for await (const line of createInterface({ input: child.stdout })) {
      stand.refresh();
      // Drivers print warnings of their own, and end no line.
      const [, word, seed, megabytes, outcome = ''] = /(begin|end) (\d+) ?(-?\d+)? ?(.*)$/.exec(line) ?? [];
      if (word === 'begin') running = Number(seed);
      if (word !== 'end') continue;
      running = undefined;
      outcomes.set(
        Number(seed),
        Number(megabytes) > ROOM ? `takes ${megabytes} MB more than twice what it declares` : outcome,
      );
    }
    clearTimeout(stand);
    if (running !== undefined) outcomes.set(running, 'stands still, or ends its process');
    else if (batch.every((seed) => !outcomes.has(seed)))
      throw new Error('the process of spoilt programs does not start');
  }
  return outcomes;
}
