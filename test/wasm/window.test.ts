import { describe, expect, test } from 'vitest';
import {
  type Axis,
  apply,
  axisRef,
  type Expr,
  float,
  int,
  load,
  type Tensor,
} from '../../src/loops/index.ts';
import { coordinatesOf, innerAxes, layOutWindow } from '../../src/wasm/window.ts';

const axis = (name: string, extent: number): Axis => ({ name, extent });
const [i, j, k, l] = [axis('i', 14), axis('j', 14), axis('k', 3), axis('l', 3)];
const x: Tensor = { name: 'x', shape: [64, 64], dtype: 'f32', role: 'temp' };

/** `Σ by · axis + constant`. */
function sum(constant: number, ...terms: readonly (readonly [number, Axis])[]): Expr {
  const parts = terms.map(([by, one]) => apply('mul', axisRef(one), int(by)));
  return parts.reduce((a, b) => apply('add', a, b), int(constant));
}

/** Coordinates as text. */
function shown(operand: Expr, axes: readonly Axis[]): string[] | null {
  const found = coordinatesOf(operand, axes);
  return (
    found?.map(({ moves, along }) => {
      const text = moves.map(({ axis, by }) => (by === 1 ? axis.name : `${by} ${axis.name}`)).join(' + ');
      return `${text} along ${along.name}`;
    }) ?? null
  );
}

describe('the coordinates of an operand', () => {
  test('are sums of a position and a step of the reduction where a window slides over each dimension', () => {
    const operand = load(x, [sum(0, [1, i], [1, k]), sum(-1, [1, j], [1, l])]);
    expect(shown(operand, [i, j, k, l])).toEqual(['i + k along i', 'j + l along j']);
  });

  test('are the same where guards and flat indices say the same in other words', () => {
    const guard = apply(
      'and',
      apply('le', sum(1, [-1, k]), axisRef(i)),
      apply('lt', sum(0, [1, j], [1, l]), int(15)),
    );
    const flat = load({ ...x, shape: [4096] }, [sum(-65, [64, i], [64, k], [1, j], [1, l])]);
    const operand = apply('select', guard, flat, float(0));
    expect(shown(operand, [i, j, k, l])).toEqual(['i + k along i', 'j + l along j']);
  });

  test('have strides and dilations as factors, with what all of them have in common taken out', () => {
    const operand = load(x, [sum(0, [2, i], [1, k]), sum(5, [2, j], [-4, l])]);
    expect(shown(operand, [i, j, k, l])).toEqual(['2 i + k along k', 'j + -2 l along j']);
  });

  test('are none where no axis moves them by one', () => {
    expect(shown(load(x, [sum(0, [2, i], [3, k]), axisRef(j)]), [i, j, k])).toBeNull();
  });

  test('are apart for axes that stand in no one ratio', () => {
    const operand = load(x, [sum(0, [1, i], [1, k]), axisRef(k)]);
    expect(shown(operand, [i, k])).toEqual(['i along i', 'k along k']);
  });

  test('are found inside of numbers that are no sums', () => {
    const operand = load(x, [apply('idiv', sum(0, [1, i], [1, k]), int(2)), int(0)]);
    expect(shown(operand, [i, k])).toEqual(['i + k along i']);
  });
});

test('a box begins where negative moves reach, and its distances are no multiples that share a cache set', () => {
  const operand = load(x, [sum(9, [1, i], [-1, k]), sum(0, [1, j], [1, l])]);
  const { dims, size } = layOutWindow(coordinatesOf(operand, [i, j, k, l]) ?? [], ({ extent }) => extent);
  expect(dims.map(({ low, extent, pitch }) => ({ low, extent, pitch }))).toEqual([
    { low: -2, extent: 16, pitch: 16 },
    { low: 0, extent: 16, pitch: 1 },
  ]);
  expect(size).toBe(256 + 16);
});

describe('a block of windows', () => {
  const [n, y, z] = [axis('n', 64), axis('y', 14), axis('z', 14)];

  test('takes whole as many of the innermost axes as have few positions', () => {
    expect(innerAxes([n, y, z], [])).toEqual([y, z]);
    expect(innerAxes([n, axis('y', 28), z], [])).toEqual([z]);
  });

  test('leaves the axes of a row program, and enough lines for blocks', () => {
    expect(innerAxes([n, y, z], [n, y])).toEqual([z]);
    expect(innerAxes([axis('n', 2), axis('y', 20), axis('z', 20)], [])).toEqual([axis('z', 20)]);
    expect(innerAxes([axis('n', 2), axis('y', 12), axis('z', 20)], [])).toEqual([axis('z', 20)]);
    expect(innerAxes([z], [])).toEqual([]);
  });
});
