import { describe, expect, test } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { type Compilation, compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import type { Module } from '../../src/graph/index.ts';
import { islandsOf, looksInText } from '../../src/inspect/island.ts';
import type { Look } from '../../src/inspect/look.ts';
import { lookOf } from '../../src/inspect/lookOf.ts';
import { machines } from '../../src/machine/index.ts';
import { assemble } from '../compile/bareWasm.ts';
import { randomModule } from '../oracle/randomGraph.ts';

const compilers: Readonly<Record<string, (module: Module) => Compilation>> = {
  webgpu: (module) => compileModule(module, machines.webgpu),
  wasm: (module) => compileToWasm(module, assemble),
};

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Requires that everything that a look names is there, and that parts are parts of a whole. */
function requireConsistent(look: Look): void {
  const isNode = (id: number): boolean => look.nodes[id]?.id === id;
  for (const { id, inputs } of look.nodes) for (const input of inputs) expect(input).toBeLessThan(id);
  const known = new Set(look.files.map(({ name }) => name));
  expect(known.size).toBe(look.files.length);
  expect(Object.keys(look.entries)).toEqual(Object.keys(look.report.entries));
  for (const [name, entry] of Object.entries(look.entries)) {
    const reported = look.report.entries[name];
    const needed = new Set(entry.nodes);
    expect(entry.dispatches.length).toBe(reported?.dispatches.length);
    expect(
      [...entry.nodes, ...Object.values(entry.outputs), ...Object.values(entry.updates)].every(isNode),
    ).toBe(true);
    for (const dispatch of entry.dispatches) {
      expect(dispatch.computes.every((id) => needed.has(id))).toBe(true);
      expect(dispatch.again.every((id) => dispatch.computes.includes(id))).toBe(true);
      for (const formula of dispatch.formulas) {
        expect(formula.text).not.toMatch(/undefined|NaN\b/);
        expect(formula.nodes.every(isNode)).toBe(true);
      }
      expect(dispatch.writes.length).toBeGreaterThan(0);
    }
    if (entry.dispatches.length > 0) expect(sum(entry.dispatches.map((d) => d.timeShare))).toBeCloseTo(1, 9);
    if (reported !== undefined && reported.flops > 0)
      expect(sum(entry.dispatches.map((d) => d.flopsShare))).toBeCloseTo(1, 9);
    for (const { name, code } of reported?.kernels ?? []) {
      const lines = code.replace(/\n$/, '').split('\n').length;
      let before = 0;
      for (const { from, to } of look.kernels[name]?.spans ?? []) {
        expect(before).toBeLessThan(from);
        expect(from).toBeLessThanOrEqual(to);
        expect(to).toBeLessThanOrEqual(lines);
        before = to;
      }
    }
    // Every loop has lines: those of the first dispatch that runs a kernel.
    const seen = new Set<string>();
    for (const [k, { kernel }] of (reported?.dispatches ?? []).entries()) {
      if (seen.has(kernel)) continue;
      seen.add(kernel);
      const loops = new Set(look.kernels[kernel]?.spans.map(({ loop }) => loop));
      expect(loops.size, `${name} ${k} ${kernel}`).toBeGreaterThan(0);
    }
  }
}

describe.each(Object.entries(compilers))('a look for %s', (target, compiled) => {
  test('is plain data that survives a page, and names only what is there, of random graphs', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const look = lookOf(compiled(randomModule(seed).module));
      requireConsistent(look);
      const [read] = await looksInText(`<p>${await islandsOf([look])}</p>`);
      expect(read, `seed ${seed}`).toEqual(JSON.parse(JSON.stringify(look)));
    }
  });

  test('has the lines of each loop, and the files that were given', () => {
    const text = 'a text';
    const look = lookOf(compiled(w1), {
      files: [
        { name: 'workloads.ts', text },
        { name: 'other.ts', text },
      ],
    });
    requireConsistent(look);
    expect(look.files).toEqual([{ name: 'workloads.ts', text }]);
    const { kernel } = look.report.entries.train?.dispatches[0] ?? { kernel: '' };
    const spans = look.kernels[kernel]?.spans ?? [];
    expect(spans[0]?.loop).toBe('hidden');
    const code =
      look.report.entries.train?.kernels.find(({ name }) => name === kernel)?.code.split('\n') ?? [];
    const [from, to] = [spans[0]?.from ?? 0, spans[0]?.to ?? 0];
    const comment = target === 'wasm' ? ';;' : '//';
    expect(code[from - 1]?.trim().startsWith(comment)).toBe(true);
    expect(to - from).toBeGreaterThan(5);
  });

  test('leaves the longest texts of passes out where there are too many, and says how long they are', () => {
    const whole = lookOf(compiled(w1));
    const part = lookOf(compiled(w1), { mostText: 20_000 });
    const texts = part.passes.flatMap(({ text }) => text ?? []);
    expect(sum(texts.map(({ length }) => length))).toBeLessThanOrEqual(20_000);
    expect(texts.length).toBeGreaterThan(0);
    for (const [k, pass] of part.passes.entries())
      expect(pass.characters ?? pass.text?.length).toBe(whole.passes[k]?.text?.length);
  });
});

test('an island ends no element and opens none, whatever names and texts hold', async () => {
  const look = lookOf(compileModule(w1, machines.webgpu));
  const text = '</script><script src="https://x/">\u2028\u001b[31m<!-- \u202e \ud800 & "';
  const evil: Look = { ...look, files: [{ name: `${text}.ts`, text }] };
  const html = await islandsOf([evil]);
  expect(html.match(/</g)).toHaveLength(4);
  expect(html.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Cs}]/u);
  const [read] = await looksInText(html);
  expect(read?.files).toEqual(evil.files);
});

test.each([
  ['no looks', '<p>a page</p>', 'it is no page that sinter inspect --html writes'],
  [
    'a later version',
    '<script type="application/json" id="sinter-looks">[{"format":"sinter-look","version":2}]</script>\n<script type="application/octet-stream" id="sinter-texts">i44FAA==</script>',
    'it holds a look of version 2, where one of version 1 is expected',
  ],
])('a page with %s is refused', async (_, html, message) => {
  await expect(looksInText(html)).rejects.toThrow(message);
});
