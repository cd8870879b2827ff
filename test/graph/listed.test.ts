import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Tensor } from '../../src/graph/index.ts';

/** Methods of tensors that are not operations, or say what one is made of. */
const others = new Set([
  'constructor',
  'named',
  'toString',
  'wrap',
  'pointwise',
  'reduce',
  'detach',
  'liveCount',
  'iotaLike',
  'fullLike',
]);

function methods(): string[] {
  const found: string[] = [];
  for (
    let p: unknown = Tensor.prototype;
    p !== Object.prototype && p !== null;
    p = Object.getPrototypeOf(p)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(p))) {
      if (typeof value === 'function') found.push(name);
    }
  }
  return found;
}

it('README.md lists every operation of tensors', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const table = /## Operations\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
  const listed = new Set([...table.matchAll(/`(\w+)/g)].map(([, name]) => name));
  const operations = methods().filter((name) => !others.has(name));
  expect(operations.length).toBeGreaterThan(80);
  expect(operations.filter((name) => !listed.has(name))).toEqual([]);
});
