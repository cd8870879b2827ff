import { describe, expect, test } from 'vitest';
import type { Kernel, Placement, Stmt } from '../../src/kernels/kernel.ts';
import { baseField, liveField, paramField, rowsField } from '../../src/kernels/names.ts';
import { orderEvaluation } from '../../src/kernels/orderEvaluation.ts';
import {
  apply,
  cast,
  type Expr,
  float,
  int,
  liveExtent,
  load,
  paramRef,
  varRef,
} from '../../src/loops/index.ts';
import type { StepField } from '../../src/runtime/program.ts';
import { floatLiteral } from '../../src/wgsl/floatLiteral.ts';
import { printWgsl } from '../../src/wgsl/kernel.ts';
import {
  barrier,
  forOf,
  globalId,
  ifOf,
  kernelOf,
  letOf,
  lid,
  storeOf,
  tensorOf,
} from '../kernels/buildKernel.ts';

const fields: StepField[] = [
  { name: 'step', dtype: 'i32' },
  { name: 'result', dtype: 'u32' },
  { name: liveField('batch'), dtype: 'i32' },
  { name: rowsField('batch'), dtype: 'u32' },
  { name: baseField('x'), dtype: 'u32' },
  { name: paramField('lr'), dtype: 'f32' },
];

const pixels = tensorOf('x', 'data', [128, 784], 'u8');
const rows = tensorOf('rows', 'rows', [128], 'i32');
const weights = tensorOf('W', 'state', [784, 128]);
const hidden = tensorOf('hidden', 'temp', [128, 128]);
const mask = tensorOf('mask', 'temp', [128], 'bool');
const loss = tensorOf('loss', 'result', [128]);
const batch = { name: 'batch', max: 128 };

function placement(tensor: typeof hidden): Placement {
  switch (tensor) {
    case pixels:
      return { arena: 'data', base: baseField('x') };
    case rows:
      return { arena: 'data', base: rowsField('batch') };
    case weights:
      return { arena: 'state', offset: 64 };
    case mask:
      return { arena: 'words', offset: 0 };
    case loss:
      return { arena: 'results', offset: 4 };
    default:
      return { arena: 'temps', offset: 0 };
  }
}

const print = (body: readonly Stmt[], rest: Partial<Kernel> = {}): string =>
  printWgsl(orderEvaluation(kernelOf(body, rest)), placement, fields);

/** The statements of `main`, without the prologue. */
function main(body: readonly Stmt[], rest: Partial<Kernel> = {}): string {
  const text = print(body, rest);
  return text.slice(text.indexOf('fn main')).split('\n').slice(1, -2).join('\n');
}

const v = (name: string): Expr => varRef(name, 'i32');

describe('a printed kernel', () => {
  test('reads as if written by hand', () => {
    const acc = varRef('acc', 'f32');
    const o = v('o');
    const row = load(rows, [v('i')]);
    const product = apply('mul', cast(load(pixels, [row, v('k')]), 'f32'), load(weights, [v('k'), v('j')]));
    const body: Stmt[] = [
      letOf('o', globalId(64)),
      letOf('i', apply('idiv', o, int(128))),
      letOf('j', apply('mod', o, int(128))),
      ifOf(apply('lt', v('i'), liveExtent(batch)), [
        { kind: 'var', name: 'acc', value: float(0) },
        forOf('k', 0, 784, [{ kind: 'assign', name: 'acc', value: apply('add', acc, product) }]),
        { kind: 'comment', text: 'epilogue' },
        storeOf(hidden, [v('i'), v('j')], apply('relu', acc)),
      ]),
    ];
    const origin = [{ node: 'hidden = relu(%12)', source: 'model.ts:9' }];
    expect(print(body, { name: 'hidden', workgroup: 64, grid: 256, origin })).toMatchInlineSnapshot(`
      "// hidden: map, 256 × 64
      //   hidden = relu(%12)  at model.ts:9

      struct Step {
        step: i32,
        result: u32,
        batch_live: i32,
        batch_rows: u32,
        x_base: u32,
        lr: f32,
      }

      @group(0) @binding(0) var<uniform> step: Step;
      @group(0) @binding(1) var<storage, read> data: array<u32>;
      @group(0) @binding(2) var<storage, read_write> state: array<f32>;
      @group(0) @binding(3) var<storage, read_write> temps: array<f32>;

      // Byte i of the words that start at base.
      fn data_u8(base: u32, i: i32) -> u32 {
        return (data[base + (u32(i) >> 2u)] >> ((u32(i) & 3u) << 3u)) & 255u;
      }

      @compute @workgroup_size(64)
      fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
        let wg = i32(group.x);
        let lid = i32(local);
        let o = wg * 64 + lid;
        let i = o / 128;
        let j = o % 128;
        if (i < step.batch_live) {
          var acc: f32 = 0.0;
          for (var k: i32 = 0; k < 784; k++) {
            acc = acc + f32(data_u8(step.x_base, i32(data[step.batch_rows + u32(i)]) * 784 + k)) * state[k * 128 + j + 64];
          }
          // epilogue
          temps[i * 128 + j] = select(acc, 0.0, acc < 0.0);
        }
      }
      "
    `);
  });

  test('has barriers for the memory that they order', () => {
    expect(main([barrier])).toBe('  storageBarrier();\n  workgroupBarrier();');
    const tile = tensorOf('tile', 'workgroup', [64]);
    const shared = [
      storeOf(tile, [lid], float(1)),
      { ...barrier, memory: 'workgroup' } as const,
      storeOf(hidden, [int(0), lid], load(tile, [lid])),
    ];
    expect(main(shared, { workgroup: 64, arrays: [tile] })).toMatchInlineSnapshot(`
      "  let lid = i32(local);
        tile[lid] = 1.0;
        workgroupBarrier();
        temps[lid] = tile[lid];"
    `);
    const stored = [
      storeOf(hidden, [int(0), lid], float(1)),
      { ...barrier, memory: 'storage' } as const,
      storeOf(hidden, [int(1), lid], load(hidden, [int(0), apply('sub', int(63), lid)])),
    ];
    expect(main(stored, { workgroup: 64 })).toMatchInlineSnapshot(`
      "  let lid = i32(local);
        temps[lid] = 1.0;
        storageBarrier();
        temps[lid + 128] = temps[63 - lid];"
    `);
  });

  test('numbers its workgroups linearly, and leaves out what lies beyond a folded grid', () => {
    const body = [storeOf(loss, [apply('mod', globalId(2), int(128))], float(1))];
    expect(print(body, { workgroup: 2, grid: 65535 })).toContain('let wg = i32(group.x);');
    const folded = print(body, { workgroup: 2, grid: 65537 });
    expect(folded).toContain('let wg = i32(group.x + group.y * groups.x);\n  if (wg >= 65537) { return; }');
    expect(folded).toContain('@builtin(num_workgroups) groups: vec3u');
  });

  test('stores each type as its arena holds it', () => {
    const body = [
      storeOf(
        mask,
        [lid],
        apply('lt', load(loss, [lid]), paramRef({ name: 'lr', dtype: 'f32', initial: 1 })),
      ),
      storeOf(loss, [int(2)], apply('select', load(mask, [int(0)]), float(-1), float(1))),
    ];
    expect(main(body, { workgroup: 64 })).toMatchInlineSnapshot(`
      "  let lid = i32(local);
        words[lid] = u32(bitcast<f32>(results[step.result + u32(lid + 4)]) < step.lr);
        results[step.result + 6u] = bitcast<u32>(select(1.0, -1.0, words[0] != 0u));"
    `);
  });

  test('declares only what it uses', () => {
    const text = print([storeOf(hidden, [int(0), int(0)], float(1))]);
    expect(text.match(/@binding\(\d\)/g)).toEqual(['@binding(3)']);
    expect(text).not.toContain('struct Step');
    expect(text).not.toContain('lid');
  });

  test('is not broken by any name', () => {
    const evil = '"ünïcode; }\n fn evil() {} /*';
    const array = tensorOf(evil, 'private', [2]);
    const body: Stmt[] = [
      { kind: 'comment', text: evil },
      { kind: 'var', name: evil, value: float(1) },
      letOf('step', varRef(evil, 'f32')),
      letOf('fn', varRef('step', 'f32')),
      storeOf(array, [int(0)], varRef('fn', 'f32')),
    ];
    const text = print(body, { arrays: [array], origin: [{ node: evil, source: evil }] });
    expect(text.replace(/\/\/.*/g, '')).not.toMatch(/evil\(|ü|\/\*/);
    expect(main(body, { arrays: [array] })).toMatchInlineSnapshot(`
      "  var unicode_fn_evil: array<f32, 2>;
        // "ünïcode; }  fn evil() {} /*
        var unicode_fn_evil_2: f32 = 1.0;
        let step_2 = unicode_fn_evil_2;
        let fn_ = step_2;
        unicode_fn_evil[0] = fn_;"
    `);
  });

  test('says which step field or which place is missing', () => {
    const lr = paramRef({ name: 'rate', dtype: 'f32', initial: 1 });
    expect(() => print([storeOf(hidden, [int(0), int(0)], lr)])).toThrow(/no field "param:rate"/);
    const words = tensorOf('count', 'temp', [1], 'i32');
    expect(() => print([storeOf(words, [int(0)], int(1))])).toThrow(/count is i32, and lies in temps/);
  });
});

describe('a printed expression', () => {
  const text = (value: Expr): string => {
    const stored = main([storeOf(hidden, [int(0), int(0)], value)], { workgroup: 128 });
    return stored
      .trim()
      .replace('let lid = i32(local);', '')
      .replace('temps[0] = ', '')
      .replace(/;$/, '')
      .trim();
  };
  const [a, b] = [load(hidden, [int(0), int(1)]), load(hidden, [int(0), int(2)])];
  const p = 'temps[1]';
  const q = 'temps[2]';

  test('has the parentheses that it needs, and no more', () => {
    const three = load(hidden, [int(0), int(3)]);
    expect(text(apply('sub', a, apply('sub', b, three)))).toBe(`${p} - (${q} - temps[3])`);
    expect(text(apply('sub', apply('sub', a, b), three))).toBe(`${p} - ${q} - temps[3]`);
    expect(text(apply('mul', apply('add', a, b), three))).toBe(`(${p} + ${q}) * temps[3]`);
    expect(text(apply('add', a, apply('mul', b, three)))).toBe(`${p} + ${q} * temps[3]`);
    expect(text(apply('neg', apply('neg', a)))).toBe(`-(-${p})`);
    expect(text(apply('sub', a, float(-0.9)))).toBe(`${p} - -0.9`);
    const less = apply('lt', a, b);
    const both = apply(
      'and',
      apply('and', less, apply('le', b, three)),
      apply('or', less, apply('lt', b, a)),
    );
    expect(text(apply('select', both, float(1), float(0)))).toMatchInlineSnapshot(`
      "let hidden = temps[1];
        let hidden_2 = temps[2];
        let holds = hidden < hidden_2;
        select(0.0, 1.0, holds & (hidden_2 <= temps[3]) & (holds | (hidden_2 < hidden)))"
    `);
  });

  test('holds floats bit for bit', () => {
    expect(floatLiteral(-0)).toBe('-0.0');
    expect(floatLiteral(1)).toBe('1.0');
    expect(floatLiteral(Math.fround(0.1))).toBe('0.1');
    expect(floatLiteral(1e10)).toBe('10000000000.0');
    expect(floatLiteral(2 ** -149)).toBe('1e-45');
    expect(floatLiteral(Math.fround(3.4028235e38))).toBe('3.402823466e+38');
  });

  test('hides one operand of operations that a driver would merge, wherever the other one stands', () => {
    const [x, y, z] = [load(loss, [lid]), load(weights, [int(0), lid]), load(weights, [int(1), lid])];
    const t = varRef('t', 'f32');
    const store = (value: Expr): Stmt => storeOf(hidden, [int(0), lid], value);
    const add = (a: Expr, b: Expr): Expr => apply('add', a, b);
    const last = (...body: Stmt[]): string | undefined => main(body, { workgroup: 128 }).split('\n').at(-1);
    expect(last(letOf('t', apply('mul', x, y)), store(apply('div', t, y)))).toBe(
      '  temps[lid] = rounded(t, no_bits) / state[lid + 64];',
    );
    expect(last(letOf('t', add(x, float(1e8))), store(apply('sub', t, float(1e8))))).toBe(
      '  temps[lid] = rounded(t, no_bits) - 100000000.0;',
    );
    expect(last(letOf('t', apply('neg', apply('sub', y, x))), store(add(t, y)))).toContain('rounded(t');
    expect(last(letOf('t', apply('mul', x, z)), store(add(t, apply('mul', z, y))))).toContain('rounded(t');
    // In a long sum, through a variable, through an array of an invocation.
    const sum = { kind: 'var', name: 't', value: add(x, y) } as const;
    expect(last(sum, { kind: 'assign', name: 't', value: add(t, z) }, store(apply('sub', t, x)))).toContain(
      'rounded(t',
    );
    const array = tensorOf('kept', 'private', [2]);
    const kept = [storeOf(array, [int(1)], add(x, y)), store(apply('sub', load(array, [int(1)]), y))];
    expect(main(kept, { workgroup: 128, arrays: [array] })).toContain('rounded(kept[1], no_bits) - ');
    expect(last({ kind: 'var', name: 't', value: float(0) }, store(apply('div', t, t)))).toContain(
      'rounded(t',
    );
  });

  test('hides nothing of arithmetic that has nothing to take back', () => {
    const [x, y] = [load(loss, [lid]), load(weights, [int(0), lid])];
    const t = varRef('t', 'f32');
    const store = (value: Expr): Stmt => storeOf(hidden, [int(0), lid], value);
    const values = [
      apply('mul', apply('sub', x, y), apply('add', x, y)),
      apply('sub', x, apply('mul', apply('add', x, y), float(0.5))),
      apply('div', y, apply('div', x, y)),
      apply('add', apply('add', x, y), x),
      apply('add', apply('mul', x, x), apply('mul', y, y)),
    ];
    expect(main(values.map(store), { workgroup: 128 })).not.toContain('rounded');
    // A later turn sees what an earlier one left.
    const loop = forOf('k', 0, 9, [{ kind: 'assign', name: 't', value: apply('add', t, x) }]);
    const body: Stmt[] = [{ kind: 'var', name: 't', value: x }, loop, store(apply('sub', t, x))];
    expect(main(body, { workgroup: 128 })).not.toContain('rounded');
  });

  test('takes infinities and NaNs through a variable', () => {
    const printed = print([storeOf(hidden, [int(0), int(0)], apply('min', a, float(-Infinity)))]);
    expect(printed).toContain('var<private> infinity_bits: u32 = 0x7f800000u;');
    expect(printed).toContain(`min_nan(${p}, -bitcast<f32>(infinity_bits))`);
    expect(text(float(Number.NaN))).toBe('bitcast<f32>(nan_bits)');
  });

  test('folds constants, and gathers those of an index', () => {
    expect(text(apply('add', float(0.1), float(0.2)))).toBe('0.3');
    expect(text(load(hidden, [int(2), apply('add', lid, int(3))]))).toBe('temps[lid + 259]');
    expect(text(load(weights, [lid, int(0)]))).toBe('state[lid * 128 + 64]');
  });

  test('loads under a condition from a safe index, unless it is known to be in range', () => {
    const index = apply('sub', lid, int(1));
    const inside = apply('le', int(0), index);
    const guarded = apply('select', inside, load(hidden, [int(0), index]), float(0));
    expect(text(guarded)).toMatchInlineSnapshot(
      `"select(0.0, temps[min(max(lid - 1, 0), 127)], 0 <= lid - 1)"`,
    );
    expect(text(apply('select', apply('lt', lid, int(5)), load(hidden, [int(0), lid]), float(0)))).toBe(
      'select(0.0, temps[lid], lid < 5)',
    );
  });

  test('clamps the index of a load that its own condition holds', () => {
    const index = apply('sub', lid, int(1));
    const value = load(hidden, [int(0), index]);
    const own = apply('lt', float(0), value);
    const outer = apply('le', int(0), index);
    const inner = apply('select', outer, own, apply('lt', lid, int(0)));
    expect(text(apply('select', inner, value, float(0)))).toMatchInlineSnapshot(`
      "let hidden = temps[min(max(lid - 1, 0), 127)];
        select(0.0, hidden, select(lid < 0, 0.0 < hidden, 0 <= lid - 1))"
    `);
  });

  test('evaluates what is shared once, so that texts stay short', () => {
    let value = a;
    for (let k = 0; k < 60; k++) value = apply('relu', apply('mul', apply('add', value, b), value));
    const printed = text(value);
    expect(printed.length).toBeLessThan(6000);
    expect(printed.match(/\+/g)).toHaveLength(60);
  });

  test('divides and takes remainders towards minus infinity, plainly where nothing is negative', () => {
    const f = (e: Expr): string => text(cast(e, 'f32'));
    expect(f(apply('idiv', lid, int(4)))).toBe('f32(lid / 4)');
    expect(f(apply('mod', apply('sub', lid, int(1)), int(4)))).toBe('f32(floor_mod(lid - 1, 4))');
  });
});
