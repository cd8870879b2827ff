import { firstRotations, parity, secondRotations } from '../loops/threefry.ts';

const round = (by: number): string => `
  a += b;
  b = ((b << ${by}u) | (b >> ${32 - by}u)) ^ a;`;

/** Twenty rounds, and after each four of them the next words of the key. */
const rounds = [1, 2, 3, 4, 5].map((n) => {
  const keys = ['key0', 'key1', 'key2'];
  return `${(n % 2 === 1 ? firstRotations : secondRotations).map(round).join('')}
  a += ${keys[n % 3]};
  b += ${keys[(n + 1) % 3]} + ${n}u;`;
});

/** {@link scalarOps}`.threefry`; compilers leave out what the second word alone needs. */
export const threefry = `
// The first word of Threefry-2x32 with 20 rounds (Salmon et al. 2011).
fn threefry(key0: u32, key1: u32, counter0: u32, counter1: u32) -> u32 {
  let key2 = key0 ^ key1 ^ ${parity}u;
  var a = counter0 + key0;
  var b = counter1 + key1;${rounds.join('')}
  return a;
}`;
