import { type Module, parseModule } from '../../src/graph/index.ts';
import { printModule } from '../../src/graph/text.ts';
import { Dice } from '../oracle/dice.ts';

/** The same module, with nodes, states, outputs and updates declared in another order. */
export function reordered(module: Module, seed: number): Module {
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
