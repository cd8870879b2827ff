import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { operationsPage, sections } from '../../docs/operations/page.ts';
import { nameOf } from '../../docs/operations/row.ts';
import { definitionOf, ops } from '../../src/graph/index.ts';
import * as sinter from '../../src/index.ts';
import { methodsOfTensors } from '../graph/methodsOfTensors.ts';

const rows = sections.flatMap((section) => section.rows);
const listed = new Set(rows.map(nameOf));

/** Exports of the package that are not operations: what declares, compiles, looks at and runs modules. */
const otherExports =
  /^([A-Z]|(compile|start|defineModule|printModule|printNodes|parseModule|verifyModule|machineOf|machines|targetNames|ops|optionalPasses|definitionOf|declarationsOf|describe|digraphOf|fit|modeOf|namesOf|valueIn|callbacks\.\w+|profile|profileText|summary|summaryOf|traceOf|dotOf|neededBy|sourceOf|valuesOf|wordCount|wordsOf|composite|graphIssues|requestDevice|sourceLine|firstUserFrame|userFrame|htmlOf|nn|optim)$)/;

/** Functions of a namespace and of those in it, by their names: `nn.init.zeros`. */
function functionsOf(path: string, namespace: object): string[] {
  return Object.entries(namespace).flatMap(([name, value]) => {
    const own = path === '' ? name : `${path}.${name}`;
    if (typeof value === 'function') return [own];
    const isNamespace = typeof value === 'object' && value !== null && value[Symbol.toStringTag] === 'Module';
    return isNamespace ? functionsOf(own, value) : [];
  });
}

const methods = methodsOfTensors();
const exported = functionsOf('', sinter).filter((name) => !otherExports.test(name));

describe('the operations page', () => {
  it('is made of the tables as they stand: npm run docs', () => {
    const page = readFileSync(new URL('../../OPERATIONS.md', import.meta.url), 'utf8');
    expect(page).toBe(operationsPage());
  });

  it('has every operation of tensors, and every function that is exported', () => {
    expect(exported.length).toBeGreaterThan(90);
    expect([...methods, ...exported].filter((name) => !listed.has(name))).toEqual([]);
  });

  it('has nothing that is not there, and nothing twice', () => {
    const known = new Set([...methods, ...exported]);
    const isThere = (name: string, call: string): boolean =>
      call.startsWith('x.') ? methods.includes(name) : known.has(name);
    expect(rows.filter((row) => !isThere(nameOf(row), row.call)).map(({ call }) => call)).toEqual([]);
    expect(rows.map(({ call }) => call).filter((call, k, all) => all.indexOf(call) !== k)).toEqual([]);
  });

  it('says zero and none where that is what gradients are', () => {
    for (const row of rows) {
      const { call, gradient } = row;
      const name = nameOf(row);
      if (!call.startsWith('x.') || !Object.hasOwn(ops, name)) continue;
      const { vjp } = definitionOf(name);
      const kind = typeof vjp === 'function' ? 'some' : 'zero' in vjp ? 'zero' : 'none';
      // Of floats it may be a composite: then the operation of this name is that of integers.
      const own = gradient.split('; of integers ').at(-1) ?? gradient;
      const said = own === 'zero' || own === 'none' ? own : 'some';
      expect(said, call).toBe(kind);
    }
  });
});
