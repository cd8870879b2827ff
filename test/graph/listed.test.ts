import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { methodsOfTensors } from './methodsOfTensors.ts';

/** Methods that the table leaves out: they say what a tensor is made of. */
const others = new Set(['detach', 'liveCount', 'iotaLike', 'fullLike']);

it('README.md lists every operation of tensors', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const table = /## Operations\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
  const listed = new Set([...table.matchAll(/`(\w+)/g)].map(([, name]) => name));
  const operations = methodsOfTensors().filter((name) => !others.has(name));
  expect(operations.length).toBeGreaterThan(80);
  expect(operations.filter((name) => !listed.has(name))).toEqual([]);
});
