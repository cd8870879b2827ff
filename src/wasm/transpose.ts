import type { Code } from './code.ts';

/** Four vectors as the rows of a 4 × 4 matrix, transposed: the texts of its columns. */
export function transposed(code: Code, rows: readonly string[]): string[] {
  const [a = '', b = '', c = '', d = ''] = rows.map((text, r) => code.let(`row${r}`, 'v128', text));
  const low = '0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23';
  const high = '8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31';
  const ab = code.let('ab', 'v128', `(i8x16.shuffle ${low} ${a} ${b})`);
  const cd = code.let('cd', 'v128', `(i8x16.shuffle ${low} ${c} ${d})`);
  const ab2 = code.let('ab2', 'v128', `(i8x16.shuffle ${high} ${a} ${b})`);
  const cd2 = code.let('cd2', 'v128', `(i8x16.shuffle ${high} ${c} ${d})`);
  const first = '0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23';
  const second = '8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31';
  return [
    `(i8x16.shuffle ${first} ${ab} ${cd})`,
    `(i8x16.shuffle ${second} ${ab} ${cd})`,
    `(i8x16.shuffle ${first} ${ab2} ${cd2})`,
    `(i8x16.shuffle ${second} ${ab2} ${cd2})`,
  ];
}
