import { describe, expect, it } from 'vitest';
import { compileToWasm, type WasmCompilation } from '../../src/compileToWasm.ts';
import { defineModule, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import { assemble } from '../compile/bareWasm.ts';

function compiled(outputs: (m: ModuleBuilder) => Record<string, Tensor>): WasmCompilation {
  return compileToWasm(
    defineModule('text', (m) => m.entry('run', outputs(m))),
    assemble,
  );
}

/** The text of all kernels. */
function kernels(outputs: (m: ModuleBuilder) => Record<string, Tensor>): string {
  return compiled(outputs)
    .program.kernels.map(({ code }) => code)
    .join('\n');
}

/** How often a text occurs. */
const count = (text: string, part: string | RegExp): number => text.split(part).length - 1;

/** Loops that a place in a text stands inside. */
function depth(text: string, at: number): number {
  const open: boolean[] = [];
  for (let k = 0; k < at; k++) {
    if (text[k] === '(') open.push(text.startsWith('(loop ', k));
    if (text[k] === ')') open.pop();
  }
  return open.filter((isLoop) => isLoop).length;
}

describe('the text of a map', () => {
  const sum = (rows: number, columns: number) => (m: ModuleBuilder) => ({
    out: m.input('x', { shape: [rows, columns] }).add(m.input('y', { shape: [rows, columns] })),
  });

  it('reads, adds and writes four elements at once where they lie side by side', () => {
    const text = kernels(sum(3, 64));
    expect(count(text, '(v128.load ')).toBe(2);
    expect(count(text, 'f32x4.add')).toBe(1);
    expect(count(text, /\(v128\.store /)).toBe(1);
    expect(text).not.toMatch(/lane|f32\.load|f32\.store/);
  });

  it('computes the last four once more where something is left, but not what is written over what it is computed of', () => {
    expect(count(kernels(sum(3, 64)), /v128\.store /)).toBe(1);
    const rest = kernels(sum(3, 66));
    expect(count(rest, /v128\.store /)).toBe(2);
    expect(rest).not.toContain('f32.store');
    const module = defineModule('text', (m) => {
      const state = m.state('state', { shape: [3, 66] });
      m.entry('run', { updates: [{ state, next: state.add(m.input('x', { shape: [3, 66] })) }] });
    });
    const [added] = compileToWasm(module, assemble).program.kernels;
    expect(count(added?.code ?? '', /v128\.store /)).toBe(1);
    expect(count(added?.code ?? '', 'f32.store')).toBe(1);
  });

  it('goes through axes that are short as through one, where nothing lies between them', () => {
    const shape = [8, 5, 3, 3];
    const sum = kernels((m) => ({ out: m.input('x', { shape }).add(m.input('y', { shape })) }));
    expect(count(sum, '(v128.load ')).toBe(2);
    expect(sum).not.toMatch(/f32\.load|f32\.store|rem_u|div_u/);
    // A scale that begins again with each line does not move with the number.
    const scaled = kernels((m) => ({ out: m.input('x', { shape }).mul(m.input('scale', { shape: [3] })) }));
    expect(scaled).not.toContain('(v128.load ');
  });

  it('collects what lies apart, and writes it side by side', () => {
    const text = kernels((m) => ({
      out: m.input('x', { shape: [16, 32] }).add(m.input('y', { shape: [32, 16] }).transpose()),
    }));
    expect(count(text, 'v128.load32_lane')).toBe(3);
    expect(text).not.toContain('store32_lane');
  });

  it('reads and computes before a loop what stays the same in it', () => {
    const text = kernels((m) => ({
      out: m.input('x', { shape: [16, 64] }).mul(
        m
          .input('scale', { shape: [16] })
          .exp()
          .expandDims(1),
      ),
    }));
    const [exp, mul] = [text.indexOf('call $exp'), text.indexOf('f32x4.mul')];
    expect([depth(text, exp), depth(text, mul)]).toEqual([1, 2]);
  });

  it('evaluates what costs much under its condition alone', () => {
    const text = kernels((m) => ({
      out: m
        .param('on', { initial: 1 })
        .gt(0)
        .where(m.input('x', { shape: [64] }).erf(), 0),
    }));
    expect(text.indexOf('(else')).toBeGreaterThan(text.indexOf('call $erf'));
    expect(text).not.toContain('bitselect');
  });
});

describe('the text of sums over rows', () => {
  /** Additions of each loop that has no other inside. */
  const additions = (text: string): number[] =>
    text
      .split('(loop ')
      .slice(1)
      .map((body) => count(body.split('br_if')[0] ?? '', 'f32x4.add'));

  it('adds a cache line of neighbours side by side, and what is left four by four', () => {
    expect(Math.max(...additions(kernels((m) => ({ out: m.input('x', { shape: [48, 64] }).sum(0) }))))).toBe(
      4,
    );
    const left = additions(kernels((m) => ({ out: m.input('x', { shape: [48, 24] }).sum(0) })));
    expect(left).toContain(4);
    expect(left).toContain(1);
  });

  it('leaves out the rows that data does not choose', () => {
    const text = kernels((m) => {
      const [x, chosen] = [m.input('x', { shape: [48, 64] }), m.input('at', { shape: [48], dtype: 'i32' })];
      return { out: chosen.eq(3).expandDims(1).where(x, 0).sum(0) };
    });
    expect(count(text, /\(if \(i32\.eq /)).toBeGreaterThan(0);
    expect(text).not.toMatch(/select \(result v128\)|bitselect/);
  });
});

describe('the text of a window over each channel', () => {
  const text = kernels((m) => ({
    out: m
      .input('x', { shape: [2, 3, 1, 16, 16] })
      .convolve(m.input('w', { shape: [3, 1, 1, 3, 3] }), { stride: [2, 2], low: [1, 1], high: [0, 0] }),
  }));

  it('asks nothing inside of a line, and at its ends only where vectors hold both', () => {
    const inside = text.split('(loop ').map((body) => [count(body, 'f32x4.mul'), count(body, 'bitselect')]);
    // Lines from the second on, their first vector and the others.
    expect(inside).toContainEqual([9, 3]);
    expect(inside).toContainEqual([9, 0]);
  });

  it('reads every second element as two vectors', () => {
    expect(text).toContain('i8x16.shuffle');
    expect(text).not.toContain('load32_lane');
  });
});

describe('the text of a contraction', () => {
  const product = (m: ModuleBuilder): Record<string, Tensor> => ({
    out: m.input('x', { shape: [64, 32] }).matmul(m.input('w', { shape: [32, 40] })),
  });

  it('packs the columns before, once for all threads, and rows in the task that computes them', () => {
    const { text, entries } = compiled(product);
    const [group] = entries.get('run')?.scheduled.flat() ?? [];
    expect(group?.schedule).toMatchObject({ loops: [{ kind: 'contract', packedBefore: true }] });
    const play = text.slice(text.indexOf('(export "play")'));
    const sweeps = [...play.matchAll(/\(call \$(\S+)_all\)/g)].map(([, name = '']) => name);
    expect(sweeps).toHaveLength(2);
    expect(sweeps[0]).toContain('pack');
  });

  it('calls the tiles once for a block of rows, outside of every loop', () => {
    const text = kernels(product);
    expect(count(text, '(call $tiles ')).toBe(1);
    expect(depth(text, text.indexOf('(call $tiles '))).toBe(0);
  });

  it('is a loop like any other where it has few products', () => {
    const text = kernels((m) => ({
      out: m.input('x', { shape: [4, 8] }).matmul(m.input('w', { shape: [8, 8] })),
    }));
    expect(text).not.toContain('$tiles');
  });

  it('names the functions of mathematics that it needs, and no others', () => {
    const { text } = compiled((m) => ({ out: product(m).out?.mul(0.1).tanh() ?? m.step() }));
    expect(text).toContain('(func $tanh ');
    expect(text).not.toMatch(/\(func \$(exp|log|erf|sigmoid|sign) /);
  });
});

describe('kernels that are alike', () => {
  it('are one', () => {
    const { program } = compiled((m) => {
      const named = (k: number): Tensor => m.input(`x${k}`, { shape: [64] });
      return { a: named(0).add(1), b: named(1).sum(), c: named(2).add(1) };
    });
    expect(new Set(program.kernels.map(({ code }) => code)).size).toBe(program.kernels.length);
  });
});
