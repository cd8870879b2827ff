import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { Decisions } from '../../src/fuse/decisions.ts';
import { partition } from '../../src/fuse/partition.ts';
import { timeOfGroups, timeOfStages } from '../../src/fuse/price.ts';
import { type Module, parseModule } from '../../src/graph/index.ts';
import { printModule } from '../../src/graph/text.ts';
import { singletons } from '../../src/schedule/group.ts';
import { Dice } from '../oracle/dice.ts';
import { mixedModule } from '../oracle/randomGroups.ts';
import { randomMachine } from '../oracle/randomMachine.ts';

/** The same module, with nodes, states, outputs and updates declared in another order. */
function reordered(module: Module, seed: number): Module {
  const dice = new Dice(seed);
  const [head = '', nodes = '', ...rest] = printModule(module).trim().split('\n\n');
  const sections = rest.map((section) => {
    if (section.startsWith('state ')) return dice.shuffled(section.split('\n')).join('\n');
    const [entry = '', ...lines] = section.split('\n');
    const isUpdate = (line: string): boolean => line.includes(' <- ');
    return [
      entry,
      ...dice.shuffled(lines.filter((line) => !isUpdate(line))),
      ...dice.shuffled(lines.filter(isUpdate)),
    ].join('\n');
  });
  return parseModule(
    `${[head, shuffledNodes(nodes.split('\n'), dice).join('\n'), ...sections].join('\n\n')}\n`,
  );
}

/** Lines of nodes in another order in which each comes after its operands. */
function shuffledNodes(lines: readonly string[], dice: Dice): string[] {
  const operands = lines.map((line) =>
    [...(/\(([^)]*)\)/.exec(line.split(' {')[0] ?? '')?.[1] ?? '').matchAll(/%\d+/g)].map(([name]) => name),
  );
  const names = lines.map((line) => /^%\d+/.exec(line)?.[0] ?? '');
  const done = new Set<string>();
  const order: string[] = [];
  while (order.length < lines.length) {
    const ready = lines.flatMap((line, k) =>
      !done.has(names[k] ?? '') && (operands[k] ?? []).every((name) => done.has(name))
        ? [{ line, name: names[k] ?? '' }]
        : [],
    );
    const next = dice.maybeOneOf(ready);
    if (next === undefined) throw new Error('nodes that wait for one another');
    const { line, name } = next;
    order.push(line);
    done.add(name);
  }
  return order;
}

/** Decisions that keep what each move gains, of one pair several. */
class Gains extends Decisions {
  readonly taken: number[] = [];

  override take(...[move, from, to, reason]: Parameters<Decisions['take']>): void {
    super.take(move, from, to, reason);
    if (typeof reason !== 'string' && reason.kind === 'time') this.taken.push(reason.gain);
  }
}

describe('fusion of random modules', () => {
  it('takes what makes the step no slower: each join by the model, and all of them together', () => {
    let joined = 0;
    for (let seed = 0; seed < 8; seed++) {
      const machine = randomMachine(seed);
      for (const [entry, { loops }] of compileModule(mixedModule(seed).module, machine).entries) {
        const decisions = new Decisions();
        const together = timeOfGroups(partition(loops, machine, decisions), machine);
        const apart = timeOfGroups(singletons(loops), machine);
        expect([seed, entry, together <= apart + 1e-9]).toEqual([seed, entry, true]);
        for (const { reason, taken, from, to } of decisions.all) {
          if (!taken || reason.kind !== 'time') continue;
          expect([seed, entry, from, to, reason.gain >= -1e-9]).toEqual([seed, entry, from, to, true]);
          joined++;
        }
      }
    }
    expect(joined).toBeGreaterThan(5);
  });

  it('keeps the time of the step: what its moves gain is what the groups take less', () => {
    let moves = 0;
    for (let seed = 0; seed < 8; seed++) {
      const machine = randomMachine(seed);
      for (const [entry, { loops }] of compileModule(mixedModule(seed).module, machine).entries) {
        const gains = new Gains();
        const together = timeOfGroups(partition(loops, machine, gains), machine);
        const apart = timeOfGroups(singletons(loops), machine);
        const gained = gains.taken.reduce((sum, gain) => sum + gain, 0);
        expect([seed, entry, together + gained]).toEqual([seed, entry, expect.closeTo(apart, 6)]);
        moves += gains.taken.length;
      }
    }
    expect(moves).toBeGreaterThan(5);
  });

  it('does not depend on the order of declaration: time and dispatches are the same', () => {
    const differ: string[] = [];
    // Of 43 several readers come along at once, in whatever order they are tried.
    for (const seed of [...Array(8).keys(), 43]) {
      const machine = randomMachine(seed);
      const { module } = mixedModule(seed);
      const plain = compileModule(module, machine);
      const other = compileModule(reordered(module, seed), machine);
      for (const [entry, { stages }] of plain.entries) {
        const others = other.entries.get(entry)?.stages ?? [];
        const [time, again] = [timeOfStages(stages, machine), timeOfStages(others, machine)];
        if (stages.length !== others.length || Math.abs(time - again) > 1e-9 * time)
          differ.push(
            `seed ${seed}, ${entry}: ${stages.length} in ${time} µs, ${others.length} in ${again} µs`,
          );
      }
    }
    expect(differ).toEqual([]);
  });
});
