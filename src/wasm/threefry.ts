import { firstRotations, parity, secondRotations } from '../loops/threefry.ts';

const get = (name: string): string => `(local.get $${name})`;
const set = (name: string, value: string): string => `(local.set $${name} ${value})`;
const add = (a: string, b: string): string => `(i32x4.add ${a} ${b})`;
const four = (value: number): string => {
  const text = `0x${(value >>> 0).toString(16)}`;
  return `(v128.const i32x4 ${text} ${text} ${text} ${text})`;
};

/** Four words turned: by whole bytes they are moved, which is one instruction. */
function turned(word: string, by: number): string {
  if (by % 8 !== 0)
    return `(v128.or (i32x4.shl ${word} (i32.const ${by})) (i32x4.shr_u ${word} (i32.const ${32 - by})))`;
  const bytes = Array.from({ length: 16 }, (_, k) => (k & ~3) + ((k + 4 - by / 8) & 3));
  return `(i8x16.shuffle ${bytes.join(' ')} ${word} ${word})`;
}

/** Twenty rounds, and after each four of them the next words of the key; of the last one only the first word. */
function rounds(): string[] {
  const keys = ['k0', 'k1', 'k2'];
  const key = (n: number): string => get(keys[n % 3] ?? '');
  return [1, 2, 3, 4, 5].flatMap((n) => [
    ...(n % 2 === 1 ? firstRotations : secondRotations).flatMap((by, k) => [
      set('a', add(get('a'), get('b'))),
      ...(n === 5 && k === 3 ? [] : [set('b', `(v128.xor ${turned(get('b'), by)} ${get('a')})`)]),
    ]),
    ...(n === 5 ? [] : [set('b', add(get('b'), add(key(n + 1), four(n))))]),
    set('a', add(get('a'), key(n))),
  ]);
}

/** The first words of Threefry-2x32 of four keys and counters, {@link scalarOps}`.threefry`. */
export const threefry = `;; The first word of Threefry-2x32 with 20 rounds, of four keys and counters.
(func $threefry (param $k0 v128) (param $k1 v128) (param $a v128) (param $b v128) (result v128) (local $k2 v128)
  ${[
    set('k2', `(v128.xor (v128.xor ${get('k0')} ${get('k1')}) ${four(parity)})`),
    set('a', add(get('a'), get('k0'))),
    set('b', add(get('b'), get('k1'))),
    ...rounds(),
    get('a'),
  ].join('\n  ')})`;
