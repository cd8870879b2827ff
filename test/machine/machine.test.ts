import { describe, expect, it } from 'vitest';
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
    ['too little workgroup memory for its invocations', { workgroupMemory: 64 }, 'workgroupMemory'],
  ])('that contradicts itself: %s', (_, changes, quantity) => {
    expect(() => machineWith(machines.webgpu, changes)).toThrow(MachineError);
    expect(() => machineWith(machines.webgpu, changes)).toThrow(`machine webgpu: ${quantity} is `);
  });
});
