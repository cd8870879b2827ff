import { describe, expect, test } from 'vitest';
import { defineModule, nn } from '../../src/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { firstValue } from '../../src/runtime/init.ts';

const module = defineModule('counted', (m) => {
  const drawn = m.state('drawn', { shape: [3, 5], init: nn.init.normal(0.5, 0.1) });
  const spread = m.state('spread', { shape: [7], init: nn.init.uniform(-2, 3) });
  const tenth = m.state('tenth', { shape: [2], init: nn.init.constant(0.1) });
  const step = m.step();
  m.entry('a', { step, updates: [{ state: tenth, next: tenth.add(1) }] });
  m.entry('b', { step, sum: drawn.sum().add(spread.sum()) });
});

describe('a session on the reference evaluator', () => {
  test('starts with the very values of a session with the same seed', () => {
    const session = referenceSession(module, {}, { seed: 7 });
    for (const { name, node, init } of module.states) {
      const slot = {
        name,
        dtype: 'f32',
        shape: node.shape.map(Number),
        arena: 'state',
        offset: 0,
        init,
      } as const;
      const expected = new Float32Array(firstValue(slot, 7).buffer);
      expect([...session.read(name).data]).toEqual([...expected]);
    }
  });

  test('counts the steps of each entry by itself', () => {
    const session = referenceSession(module);
    const counts = ['a', 'b', 'a', 'a', 'b'].map((entry) => session.step(entry).step?.data[0]);
    expect(counts).toEqual([1, 1, 2, 3, 2]);
  });

  test('names what is not there', () => {
    const session = referenceSession(module);
    expect(() => session.step('c')).toThrow('module counted has no entry c');
    expect(() => session.read('none')).toThrow('module counted has no state none');
  });

  test('in float32 rounds every operation, partial sums, and overflows as a target does', () => {
    const rounded = defineModule('rounded', (m) => {
      const x = m.input('x', { shape: [3] });
      const y = m.input('y', { shape: [2, 3] });
      m.entry('run', {
        sum: x.sum(),
        product: y.matmul(x.expandDims(1)),
        power: x.mul(x).mul(x),
        softmax: x.div(1e8).softmax(),
      });
    });
    const inputs = {
      x: { shape: [3], data: [1e8, 1, -1e8].map(Math.fround) },
      y: { shape: [2, 3], data: [1, 1, 1, 1, 0, 1] },
    };
    const f64 = referenceSession(rounded).step('run', { inputs });
    const f32 = referenceSession(rounded, {}, { precision: 'f32' }).step('run', { inputs });
    expect([f64.sum?.data[0], f32.sum?.data[0]]).toEqual([1, 0]);
    expect([...(f64.product?.data ?? []), ...(f32.product?.data ?? [])]).toEqual([1, 0, 0, 0]);
    expect(f32.power?.data[0]).toBe(Math.fround(1e16 * 1e8));
    const [of64, of32] = [f64.softmax?.data[0] ?? 0, f32.softmax?.data[0] ?? 0];
    expect(of32).not.toBe(of64);
    expect(of32).toBe(Math.fround(of32));
    expect(Math.abs(of32 - of64)).toBeLessThan(1e-7);
  });

  test('in float32 gives infinity where float64 has a number', () => {
    const module = defineModule('large', (m) => {
      m.entry('run', { y: m.input('x', { shape: [] }).exp() });
    });
    const inputs = { x: { shape: [], data: [100] } };
    const [f64, f32] = (['f64', 'f32'] as const).map(
      (precision) => referenceSession(module, {}, { precision }).step('run', { inputs }).y?.data[0],
    );
    expect(f64).toBeCloseTo(2.688e43, -40);
    expect(f32).toBe(Infinity);
  });
});
