import { expect, test } from 'vitest';
import { apply, axisRef, int } from '../../src/loops/index.ts';
import { Knowledge } from '../../src/wasm/knowledge.ts';

test('functions have one variable of a name and an extent, and simplify what is over it once', () => {
  const known = new Knowledge();
  const quotient = () => apply('idiv', axisRef(known.driver('row', 64)), int(128));
  expect(known.simplify(quotient())).toBe(known.simplify(quotient()));
  expect(known.simplify(quotient())).toEqual(int(0));
  const others = [known.driver('row', 65), known.driver('line', 64), known.driver('row', 64, 'first')];
  expect(new Set([known.driver('row', 64), ...others]).size).toBe(4);
});
