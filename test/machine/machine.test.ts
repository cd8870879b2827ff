import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/graph/index.ts';
import {
  type MachineDescription,
  MachineError,
  machineOf,
  machines,
  machineWith,
  type QuantityName,
  quantities,
} from '../../src/machine/index.ts';

const { description } = machines.webgpu;

/** What a description is refused for. */
function refused(changed: MachineDescription): Pick<MachineError, 'machine' | 'quantity' | 'message'> {
  try {
    machineOf(changed);
  } catch (error) {
    if (error instanceof MachineError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the named machines', () => {
  it.each(Object.entries(machines))('%s has every number, with unit and origin', (name, machine) => {
    expect(machine.name).toBe(name);
    for (const [quantity, { value, unit, from }] of Object.entries(machine.description.numbers)) {
      expect(machine[quantity as QuantityName]).toBe(value);
      expect(unit).toBe(quantities[quantity as QuantityName].unit);
      expect(from).toMatch(/^(specified|measured|assumed): /);
    }
    expect(Object.keys(machine.description.numbers).sort()).toEqual(Object.keys(quantities).sort());
  });
});

describe('a description of a machine is refused', () => {
  it('that lacks a number', () => {
    const { latency: _, ...numbers } = description.numbers;
    const error = refused({ ...description, numbers: numbers as MachineDescription['numbers'] });
    expect(error.message).toBe(
      'machine webgpu: latency is missing: microseconds from a load to its value, from cache',
    );
  });

  it('that lacks several numbers, all at once', () => {
    const { latency: _, cores: __, ...numbers } = description.numbers;
    const error = refused({ ...description, numbers: numbers as MachineDescription['numbers'] });
    expect(error.message).toBe(
      'machine webgpu: numbers lacks cores (workgroups whose arithmetic runs at once), latency (microseconds from a load to its value, from cache)',
    );
    expect(error.quantity).toBe('numbers');
  });

  it.each<[given: unknown, quantity: string, text: string]>([
    [undefined, 'description', 'a machine: description is undefined; it must be an object, { name, '],
    [null, 'description', 'a machine: description is null; it must be'],
    ['webgpu', 'description', 'a machine: description is "webgpu"; it must be'],
    [[], 'description', 'a machine: description is an empty list; it must be'],
    [{}, 'name', 'a machine: name is undefined; it must be a text'],
    [{ ...description, name: '' }, 'name', 'a machine: name is ""; it must be a text'],
    [{ ...description, about: 5 }, 'about', 'machine webgpu: about is 5; it must say'],
    [{ ...description, numbers: undefined }, 'numbers', 'machine webgpu: numbers is undefined; it must be'],
    [{ ...description, numbers: [] }, 'numbers', 'machine webgpu: numbers is an empty list; it must be'],
    [{ ...description, numbers: {} }, 'numbers', 'machine webgpu: numbers lacks workgroup ('],
    [
      { ...description, features: undefined },
      'features',
      "machine webgpu: features is undefined; it must be a list, as in ['barriers', 'partials']",
    ],
    [{ ...description, features: 'barriers' }, 'features', 'machine webgpu: features is "barriers"; it must'],
    [machines.webgpu, 'features', 'machine webgpu: features is an object; it must be a list'],
    [
      { ...description, features: ['subgroups'] },
      'features',
      'machine webgpu: features has "subgroups"; there are: barriers, partials, tasks',
    ],
    [{ ...description, features: ['partials', 'partials'] }, 'features', 'features has "partials" twice'],
    [{ ...description, features: ['tasks', 'barriers'] }, 'features', 'features has tasks and barriers: '],
  ])('that is not one: %j', (given, quantity, text) => {
    // A caller without types.
    const error = refused(given as MachineDescription);
    expect(error.quantity).toBe(quantity);
    expect(error.message).toContain(text);
  });

  it.each<[quantity: QuantityName, given: unknown, text: string]>([
    ['cores', 12, 'cores is 12; it must be { value, unit: "workgroups", from }'],
    [
      'cores',
      { value: '12', unit: 'workgroups', from: 'assumed: x' },
      'cores is "12"; it must be a positive',
    ],
    ['clock', 5, 'clock is 5; it must be { value, unit: "cycles per microsecond", from }'],
    ['clock', { value: 5 }, 'clock has the unit undefined; it must be in cycles per microsecond'],
    [
      'lanes',
      { value: 8, unit: 'multiply-adds', from: 'guess' },
      `lanes is from "guess"; it must say where it comes from: 'specified: …', 'measured: …' or 'assumed: …'`,
    ],
    [
      'lanes',
      { value: 8, unit: 'multiply-adds', from: 'assumed: ' },
      'lanes is from "assumed: "; it must say',
    ],
  ])('whose %s is %j', (quantity, given, text) => {
    const numbers = { ...description.numbers, [quantity]: given } as MachineDescription['numbers'];
    const error = refused({ ...description, numbers });
    expect([error.quantity, error.message]).toEqual([quantity, expect.stringContaining(text)]);
  });

  it.each([
    ['a number of another unit', { clock: { value: 2, unit: 'GHz', from: 'specified: maker' } }, 'clock'],
    ['nothing', { lanes: { value: 0, unit: 'multiply-adds', from: 'assumed: x' } }, 'lanes'],
    ['infinity', { cache: { value: Infinity, unit: 'bytes', from: 'assumed: x' } }, 'cache'],
    ['half a core', { cores: { value: 0.5, unit: 'workgroups', from: 'assumed: x' } }, 'cores'],
    ['no origin', { dispatch: { value: 1, unit: 'microseconds', from: '' } }, 'dispatch'],
    ['a number that there is not', { speed: { value: 1, unit: 'bytes', from: 'assumed: x' } }, 'speed'],
  ])('that has %s', (_, numbers, quantity) => {
    expect(refused({ ...description, numbers: { ...description.numbers, ...numbers } }).quantity).toBe(
      quantity,
    );
  });

  it.each<[string, Partial<Record<QuantityName, number>>, QuantityName]>([
    ['a workgroup that cannot be halved', { workgroup: 96 }, 'workgroup'],
    ['fewer resident workgroups than cores', { resident: 1 }, 'resident'],
    ['a cache slower than memory', { cacheRate: 1 }, 'cacheRate'],
    ['scattered loads faster than others', { scattered: 1 }, 'scattered'],
    ['a core that reads more from cache than all of them', { coreRate: 1e9 }, 'coreRate'],
    ['an instruction wider than a workgroup', { neighbours: 512 }, 'neighbours'],
    ['a buffer without room for an element', { binding: 3 }, 'binding'],
    ['too little workgroup memory for its invocations', { workgroupMemory: 64 }, 'workgroupMemory'],
  ])('that contradicts itself: %s', (_, changes, quantity) => {
    expect(() => machineWith(machines.webgpu, changes)).toThrow(MachineError);
    expect(() => machineWith(machines.webgpu, changes)).toThrow(`machine webgpu: ${quantity} is `);
  });

  it('that has tasks of many invocations', () => {
    expect(() => machineWith(machines.wasm, { workgroup: 2 })).toThrow(
      'machine wasm: workgroup is 2; a task is one thread, so it must be 1',
    );
  });
});

describe('a machine without features', () => {
  it('is one: each invocation computes alone', () => {
    const plain = machineOf({ ...description, features: [] });
    const module = defineModule('total', (m) => {
      m.entry('run', {
        y: m
          .input('a', { shape: [64, 64] })
          .exp()
          .sum(),
      });
    });
    expect(compileModule(module, plain).entries.get('run')?.kernels.length).toBeGreaterThan(0);
  });
});
