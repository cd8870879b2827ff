import { concat, type Tensor } from '../graph/index.ts';
import { literalIn, requireTable } from './literal.ts';

/** How rotary positions turn. */
export interface RotaryOptions {
  /** The slowest pair turns by `1 / base` a place, nearly; 10,000 where it is left out. */
  readonly base?: number;
}

/**
 * Rotary positions (Su et al. 2021): at place t, elements k and k + half of a head are turned by the angle
 * `t · base^(-k / half)`, so that products of queries and keys depend on how far they are apart.
 *
 * @param x `[..., tokens, width]`, of an even width
 */
export function rotated(op: string, x: Tensor, base: number): Tensor {
  const [tokens = 0, width = 0] = x.shape.slice(-2).map(Number);
  const half = width / 2;
  requireTable(op, `rotary positions of ${tokens} tokens`, tokens * half);
  const angles = Array.from(
    { length: tokens * half },
    (_, i) => Math.floor(i / half) * base ** (-(i % half) / half),
  );
  const [cos, sin] = [Math.cos, Math.sin].map((f) => literalIn(x, [tokens, half], angles.map(f)));
  if (cos === undefined || sin === undefined) throw new RangeError('two functions make two tables');
  const front = x.shape.slice(1).map(() => 0);
  const a = x.slice([...front, 0], [...front.map(() => undefined), half]);
  const b = x.slice([...front, half], []);
  return concat([a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))], -1);
}
