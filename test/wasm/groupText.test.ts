import { describe, expect, test } from 'vitest';
import { familyNamed } from '../../bench/growth/families.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule, type Module } from '../../src/graph/index.ts';
import { tensorSize } from '../../src/loops/edges.ts';
import { flatten, type Tensor } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import * as nn from '../../src/nn/index.ts';
import type { Group } from '../../src/schedule/group.ts';
import type { Location } from '../../src/wasm/addresses.ts';
import { Functions, type ModuleScope } from '../../src/wasm/functions.ts';
import { likenessOf } from '../../src/wasm/groupText.ts';
import { wasmKernel } from '../../src/wasm/kernel.ts';
import { Knowledge } from '../../src/wasm/knowledge.ts';
import { type GroupSchedule, scheduleGroup } from '../../src/wasm/schedule.ts';

/** Tensors one after the other, from an address on. */
function placesFrom(start: number): (tensor: Tensor) => Location {
  const known = new Map<Tensor, number>();
  let end = start;
  return (tensor) => {
    let address = known.get(tensor);
    if (address === undefined) {
      address = end;
      known.set(tensor, address);
      end += 64 * Math.ceil(tensorSize(tensor) / 16);
    }
    return { address, index: (at) => flatten(at, tensor.shape) };
  };
}

const scopeOf = (place: ModuleScope['place']): ModuleScope => ({
  place,
  field: () => 0,
  packed: 2 ** 30,
  calls: () => {},
  known: new Knowledge(),
  groups: new Map(),
  machine: machines.wasm,
});

/** A text whose names, which are those of tensors, are numbered as they come. */
function unnamed(text: string): string {
  const names = new Map<string, string>();
  return text.replace(/;;[^\n]*\n|\$[^\s()]+/g, (name) => {
    if (name.startsWith(';')) return '';
    const made = names.get(name) ?? `$${names.size}`;
    names.set(name, made);
    return made;
  });
}

describe('groups that are alike', () => {
  test('are written once, and each is what it would be by itself', () => {
    const shared = scopeOf(placesFrom(2 ** 16));
    const { entries } = compileToWasm(familyNamed('residual-layers')(2), () => new Uint8Array());
    const stages = [...entries.values()].flatMap((entry) => entry.stages);
    for (const stage of stages) {
      const { functions, sweeps, packedBytes, scratchBytes } = wasmKernel(stage, 'kernel', shared);
      const alone = wasmKernel(stage, 'kernel', { ...shared, groups: new Map() });
      expect({ sweeps, packedBytes, scratchBytes }).toEqual({
        sweeps: alone.sweeps,
        packedBytes: alone.packedBytes,
        scratchBytes: alone.scratchBytes,
      });
      expect(functions.map(({ name, text }) => [name, unnamed(text)])).toEqual(
        alone.functions.map(({ name, text }) => [name, unnamed(text)]),
      );
    }
    expect(shared.groups.size).toBeLessThan(stages.flatMap(({ groups }) => groups).length);
  });

  test('read the same parameters, in the same order of places', () => {
    const [one, other] = ['rate', 'decay'].map((name) => {
      const module = defineModule('scaled', (m) => {
        const w = m.state('w', { shape: [64], init: nn.init.constant(1) });
        m.entry('train', { updates: [{ state: w, next: w.mul(m.param(name, { initial: 1 })) }] });
      });
      return keyOf(onlyGroup(module), placesFrom(2 ** 16));
    });
    expect(one).not.toBe(other);
  });
});

describe('a group is written by itself', () => {
  const padded = onlyGroup(
    defineModule('padded', (m) => {
      const w = m.state('w', { shape: [64], init: nn.init.constant(1) });
      const v = m.state('v', { shape: [69], init: nn.init.constant(1) });
      m.entry('train', { updates: [{ state: v, next: v.add(w.pad([5], [0])) }] });
    }),
  );

  test('where its tensors lie over one another in part', () => {
    const at = new Map<Tensor, number>();
    const place = (tensor: Tensor): Location => {
      at.set(tensor, at.get(tensor) ?? 2 ** 16 + 64 * at.size);
      return { address: at.get(tensor) ?? 0, index: (index) => flatten(index, tensor.shape) };
    };
    expect(keyOf(padded, place)).toBeUndefined();
  });

  test('where an address would come before memory', () => {
    const scope = scopeOf(placesFrom(2 ** 16));
    wasmKernel({ groups: [padded] }, 'kernel', scope);
    const [text] = [...scope.groups.values()];
    const { addresses } = likenessOf(padded, scheduleOf(padded, scope), scope) ?? { addresses: [] };
    expect(text?.fits(addresses)).toBe(true);
    expect(text?.fits(addresses.map(() => 0))).toBe(false);
  });
});

/** What a group is known by. */
function keyOf(group: Group, place: ModuleScope['place']): string | undefined {
  const scope = scopeOf(place);
  return likenessOf(group, scheduleOf(group, scope), scope)?.key;
}

function scheduleOf(group: Group, scope: ModuleScope): GroupSchedule {
  return scheduleGroup(group, new Functions('', scope).asked(), scope.machine);
}

/** The only group of a module of one stage. */
function onlyGroup(module: Module): Group {
  const { entries } = compileToWasm(module, () => new Uint8Array());
  const groups = [...entries.values()].flatMap(({ stages }) => stages.flatMap((stage) => stage.groups));
  const [group, ...more] = groups;
  if (group === undefined || more.length > 0)
    throw new RangeError(`${module.name} has ${groups.length} groups`);
  return group;
}
