import { expect, test } from 'vitest';
import { plain } from '../../src/inspect/paint.ts';
import { profileText } from '../../src/profile/profileText.ts';
import { sampleProfile, untimed } from './sampleProfile.ts';

test('a profile is two tables and a time line in 80 columns, and one table where there is room', () => {
  const narrow = profileText(sampleProfile);
  expect(narrow).toMatchInlineSnapshot(`
    "sample for wasm on 2 threads: 2 steps of train, 2 a call
    a step takes 50 µs (50 to 50) on the host, 28 µs predicted;
    its kernels 41 µs (39 to 41) by the clock of the threads
    predictions and rooflines are of machine wasm (four cores of a laptop);
    a step is its kernels and 1.5 µs for each dispatch

      #  name                     kind    µs  25 %  75 %  predicted  ratio  % of all
      0  hidden_to_somewhere_fa…  rows    30    29    30         20    1.5        75
      1  loss                     packed  10    10    11          5      2        25
         all kernels                      41    39    41         25    1.6       100

      #  name              FLOPs    bytes  GFLOP/s   GB/s  % of roofline  by
      0  hidden_to_some…  6.00 k  4.00 kB      0.2  0.133             50  arithmetic
      1  loss             1.00 k    200 B      0.1   0.02             10  memory
         all kernels      7.00 k  4.20 kB    0.171  0.102             39

      a step's kernels, one after the other, as measured: 40 µs
      0  hidden_to_somewhere_far…  █████████████████████████████████████
      1  loss                                                           ████████████
    "
  `);
  expect(Math.max(...narrow.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  const wide = profileText(sampleProfile, plain, 160).split('\n');
  expect(wide.filter((line) => /^ +# +name /.test(line))).toMatchInlineSnapshot(`
    [
      "  #  name                                        kind    µs  25 %  75 %  predicted  ratio  % of all   FLOPs    bytes  GFLOP/s   GB/s  % of roofline  by",
    ]
  `);
  expect(wide.find((line) => line.includes('█'))?.length).toBeGreaterThan(120);
});

test('colours take no room', () => {
  const painted = profileText(sampleProfile, {
    ...plain,
    bold: (t) => `\u001b[1m${t}\u001b[22m`,
    dim: (t) => `\u001b[2m${t}\u001b[22m`,
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are written in such
  expect(painted.replaceAll(/\u001b\[\d+m/g, '')).toBe(profileText(sampleProfile));
});

test('where the adapter has no timestamps the time of a step is told, and that kernels are not timed', () => {
  const text = profileText(untimed);
  expect(text).toContain('kernels are not timed: the adapter has no timestamps');
  expect(text).toMatch(/^a step takes 50 µs \(50 to 50\) on the host, 28 µs predicted;$/m);
  expect(text).toMatch(/one after the other, as predicted: 25 µs$/m);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});
