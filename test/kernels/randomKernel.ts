import { interpretKernel } from '../../src/kernels/interpret.ts';
import type { Kernel, Stmt } from '../../src/kernels/kernel.ts';
import {
  apply,
  cast,
  constant,
  type Expr,
  extentOf,
  float,
  int,
  liveExtent,
  load,
  type Param,
  paramRef,
  type Tensor,
  type TensorRole,
  varRef,
} from '../../src/loops/index.ts';
import type { KernelRun } from '../wgsl/kernelDevice.ts';

type Ty = 'f32' | 'i32' | 'u32' | 'bool';

const batch = { name: 'batch', max: 6 };
const lr: Param = { name: 'lr;\n}', dtype: 'f32', initial: 0.5 };

/**
 * A kernel that verifies, with contents for its tensors: loops, conditions, arrays, barriers, gathers, guarded
 * loads, all types. Free of races by construction; only operations that float32 rounds once, so that every
 * machine gives the same bits (subnormals apart).
 *
 * @param seed an integer; equal seeds give equal kernels
 */
export function randomKernel(seed: number): KernelRun {
  return new KernelDraw(seed).run();
}

/** What the tensors of a random kernel hold after one of its forms has run on the interpreter, rounded to float32. */
export function valuesAfter(
  one: Kernel,
  { memory, live = {}, params = {} }: Pick<KernelRun, 'memory' | 'live' | 'params'>,
): ReadonlyMap<Tensor, Float64Array> {
  const own = new Map([...memory].map(([tensor, values]) => [tensor, values.slice()] as const));
  interpretKernel(one, own, { live, params, float32: true });
  return own;
}

/** Small counter-based draws (a 32-bit mix, Steele et al. 2014). */
class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** An integer in `[0, n)`. */
  below(n: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) % n;
  }

  one<const T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }
}

/** What a statement may name. */
interface Names {
  readonly fixed: readonly Expr[];
  readonly mutable: readonly Expr[];
}

class KernelDraw {
  readonly #draws: Draws;
  readonly #workgroup: number;
  readonly #grid: number;
  readonly #memory = new Map<Tensor, Float64Array>();
  readonly #sources: Tensor[] = [];
  readonly #outs: Tensor[] = [];
  readonly #arrays: Tensor[] = [];
  /** Workgroup arrays that are written whole before they are read, as far as the body has come. */
  #readable: Tensor[] = [];
  #privates: Tensor[] = [];
  #count = 0;

  constructor(seed: number) {
    this.#draws = new Draws(seed);
    this.#workgroup = this.#draws.one([1, 2, 4, 8]);
    this.#grid = this.#draws.one([1, 2, 3]);
  }

  run(): KernelRun {
    this.#source('rows', 'i32', [batch.max], 4);
    this.#source('data', 'u8', [4, 5]);
    this.#source('state', 'f32', [3, 4]);
    this.#source('constant', 'i32', [7]);
    this.#source('temp', 'bool', [2, 3]);
    this.#source('input', 'f32', [5]);
    for (const dtype of ['f32', 'i32', 'u32', 'bool'] as const) this.#out(dtype);
    const length = this.#workgroup;
    this.#arrays.push({
      name: 'tile',
      shape: [length],
      dtype: this.#draws.one(['f32', 'i32', 'bool']),
      role: 'workgroup',
    });
    this.#arrays.push({
      name: 'registers',
      shape: [3],
      dtype: this.#draws.one(['f32', 'u32', 'bool']),
      role: 'private',
    });
    this.#privates = this.#arrays.filter((t) => t.role === 'private');
    const body: Stmt[] = [];
    const names: Names = { fixed: [varRef('wg', 'i32'), varRef('lid', 'i32')], mutable: [] };
    // Software drivers take long to compile a barrier.
    this.#block(body, names, 6, this.#draws.below(4) === 0);
    const kernel: Kernel = {
      name: 'random',
      kind: 'map',
      workgroup: this.#workgroup,
      grid: this.#grid,
      arrays: this.#arrays,
      body,
      origin: [{ node: `random;\r\n} ${String.fromCharCode(0x2028)}`, source: 'x.ts:1' }],
    };
    const live = 1 + this.#draws.below(batch.max);
    return { kernel, memory: this.#memory, live: { batch: live }, params: { [lr.name]: 0.25 } };
  }

  #block(into: Stmt[], outer: Names, size: number, uniform: boolean): void {
    let names = outer;
    for (let k = 0; k < size; k++) {
      switch (this.#draws.below(uniform ? 8 : 7)) {
        case 0: {
          const value = this.#expr(this.#type(), names, 3);
          const name = this.#fresh('let');
          into.push({ kind: 'let', name, value });
          names = { ...names, fixed: [...names.fixed, varRef(name, value.dtype)] };
          break;
        }
        case 1: {
          const value = this.#expr(this.#type(), names, 2);
          const name = this.#fresh('var');
          into.push({ kind: 'var', name, value });
          names = { ...names, mutable: [...names.mutable, varRef(name, value.dtype)] };
          break;
        }
        case 2: {
          const target = names.mutable[this.#draws.below(Math.max(1, names.mutable.length))];
          if (target?.kind === 'var') {
            into.push({ kind: 'assign', name: target.name, value: this.#expr(target.dtype as Ty, names, 3) });
          }
          break;
        }
        case 3:
          this.#storeOut(into, names);
          break;
        case 4: {
          const [array] = this.#privates;
          if (array !== undefined) {
            const at = [this.#index(3, names, 1)];
            into.push({ kind: 'store', tensor: array, at, value: this.#expr(array.dtype as Ty, names, 2) });
          }
          break;
        }
        case 5:
          if (size > 1) this.#loop(into, names, size, uniform);
          break;
        case 6:
          if (size > 1) {
            const [then, otherwise]: [Stmt[], Stmt[]] = [[], []];
            const condition = this.#expr('bool', names, 2);
            this.#block(then, names, 2, false);
            if (this.#draws.below(2) === 0) this.#block(otherwise, names, 2, false);
            into.push({ kind: 'if', condition, body: then, otherwise });
          }
          break;
        default:
          this.#share(into, names);
      }
    }
  }

  #loop(into: Stmt[], names: Names, size: number, uniform: boolean): void {
    const name = this.#fresh('k');
    const kind = this.#draws.below(3);
    const from = this.#draws.below(3) - 1;
    const body: Stmt[] = [];
    const inner = { ...names, fixed: [...names.fixed, varRef(name, 'i32')] };
    const readable = this.#readable;
    this.#block(body, inner, size >> 1, uniform);
    if (kind > 0) {
      const end =
        kind === 2 && !uniform ? apply('mod', this.#expr('i32', names, 1), int(3)) : liveExtent(batch);
      const test: Stmt = { kind: 'break', condition: apply('le', end, varRef(name, 'i32')) };
      // A loop may be left in the middle of a turn.
      body.splice(this.#draws.below(2) === 0 ? 0 : this.#draws.below(body.length + 1), 0, test);
    }
    // It may be left before anything is shared: what a loop shares is not relied on after it.
    this.#readable = readable;
    into.push({ kind: 'for', name, from, to: from + 1 + this.#draws.below(5), body });
  }

  /** Each invocation writes its element of a workgroup array, with barriers on both sides. */
  #share(into: Stmt[], names: Names): void {
    const array = this.#arrays.find((t) => t.role === 'workgroup');
    if (array === undefined) return;
    into.push({ kind: 'barrier' }, { kind: 'comment', text: 'share\u2029*/ }' });
    // The value reads no other invocation's element: that would race with this store.
    const readable = this.#readable;
    this.#readable = [];
    const value = this.#expr(array.dtype as Ty, names, 2);
    this.#readable = [...new Set([...readable, array])];
    into.push({ kind: 'store', tensor: array, at: [varRef('lid', 'i32')], value }, { kind: 'barrier' });
  }

  /** Each invocation owns a row of each output. */
  #storeOut(into: Stmt[], names: Names): void {
    const tensor = this.#outs[this.#draws.below(this.#outs.length)];
    if (tensor === undefined) return;
    const row = apply('add', apply('mul', varRef('wg', 'i32'), int(this.#workgroup)), varRef('lid', 'i32'));
    const at = [row, this.#index(extentOf(tensor.shape[1] ?? 1), names, 1)];
    into.push({ kind: 'store', tensor, at, value: this.#expr(tensor.dtype as Ty, names, 4) });
  }

  #expr(dtype: Ty, names: Names, depth: number): Expr {
    if (depth === 0 || this.#draws.below(6) === 0) return this.#leaf(dtype, names);
    const arg = (type: Ty = dtype): Expr => this.#expr(type, names, depth - 1);
    if (this.#draws.below(5) === 0) return this.#guarded(dtype, names, depth);
    if (this.#draws.below(5) === 0) {
      const shared = arg();
      return apply(
        'select',
        arg('bool'),
        shared,
        dtype === 'bool' ? apply('not', shared) : apply('add', shared, shared),
      );
    }
    if (this.#draws.below(6) === 0) return cast(arg(this.#type()), dtype);
    switch (dtype) {
      case 'f32': {
        const op = this.#draws.one([
          'add',
          'sub',
          'mul',
          'min',
          'max',
          'neg',
          'abs',
          'sign',
          'floor',
          'ceil',
          'round',
          'trunc',
          'relu',
        ]);
        return this.#applied(op, arg);
      }
      case 'i32': {
        const op = this.#draws.one([
          'add',
          'sub',
          'mul',
          'min',
          'max',
          'neg',
          'abs',
          'sign',
          'relu',
          'idiv',
          'mod',
        ]);
        if (op === 'idiv' || op === 'mod') return apply(op, arg(), int(1 + this.#draws.below(9)));
        return this.#applied(op, arg);
      }
      case 'u32': {
        const op = this.#draws.one([
          'add',
          'sub',
          'mul',
          'min',
          'max',
          'neg',
          'abs',
          'sign',
          'relu',
          'idiv',
          'mod',
        ]);
        if (op === 'idiv' || op === 'mod') return apply(op, arg(), constant(1 + this.#draws.below(9), 'u32'));
        return this.#applied(op, arg);
      }
      case 'bool': {
        const op = this.#draws.one(['lt', 'le', 'eq', 'ne', 'and', 'or', 'not', 'isNan']);
        if (op === 'and' || op === 'or') return apply(op, arg(), arg());
        if (op === 'not') return apply(op, arg());
        if (op === 'isNan') return apply(op, arg('f32'));
        const type = this.#draws.one<Ty>(['f32', 'i32', 'u32']);
        return apply(op, arg(type), arg(type));
      }
      default:
        return dtype satisfies never;
    }
  }

  #applied(
    op:
      | 'add'
      | 'sub'
      | 'mul'
      | 'min'
      | 'max'
      | 'neg'
      | 'abs'
      | 'sign'
      | 'floor'
      | 'ceil'
      | 'round'
      | 'trunc'
      | 'relu',
    arg: () => Expr,
  ): Expr {
    const binary = ['add', 'sub', 'mul', 'min', 'max'].includes(op);
    return binary ? apply(op, arg(), arg()) : apply(op, arg());
  }

  /** A load that happens only where its index is in range. */
  #guarded(dtype: Ty, names: Names, depth: number): Expr {
    const tensor = this.#sources[this.#draws.below(this.#sources.length)];
    if (tensor === undefined) return this.#leaf(dtype, names);
    const d = tensor.shape.length - 1;
    const index = this.#expr('i32', names, depth - 1);
    const inside = apply(
      'and',
      apply('le', int(0), index),
      apply('lt', index, int(extentOf(tensor.shape[d] ?? 1))),
    );
    const at = tensor.shape.map((dim, k) => (k === d ? index : this.#index(extentOf(dim), names, 1)));
    const value = cast(load(tensor, at), dtype);
    const other = this.#expr(dtype, names, depth - 1);
    return this.#draws.below(2) === 0
      ? apply('select', inside, value, other)
      : apply('select', apply('not', inside), other, value);
  }

  /** An i32 expression in `[0, extent)`. */
  #index(extent: number, names: Names, depth: number): Expr {
    const inner = this.#expr('i32', names, depth);
    switch (this.#draws.below(4)) {
      case 0:
        return apply('max', int(0), apply('min', inner, int(extent - 1)));
      case 1:
        return int(this.#draws.below(extent));
      default:
        return apply('mod', inner, int(extent));
    }
  }

  #leaf(dtype: Ty, names: Names): Expr {
    const fitting = [...names.fixed, ...names.mutable].filter((e) => e.dtype === dtype);
    const pick = fitting[this.#draws.below(Math.max(1, fitting.length))];
    switch (this.#draws.below(6)) {
      case 0:
      case 1:
        if (pick !== undefined) return pick;
        return this.#constant(dtype);
      case 2:
        return dtype === 'f32' ? paramRef(lr) : dtype === 'i32' ? liveExtent(batch) : this.#constant(dtype);
      case 3:
        return this.#constant(dtype);
      default: {
        const readable = [...this.#sources, ...this.#readable, ...this.#privates];
        const tensor = readable[this.#draws.below(readable.length)];
        if (tensor === undefined) return this.#constant(dtype);
        const at = tensor.shape.map((dim) => this.#index(extentOf(dim), names, 0));
        return cast(load(tensor, at), dtype);
      }
    }
  }

  #constant(dtype: Ty): Expr {
    switch (dtype) {
      case 'f32':
        return float(
          this.#draws.one([
            0,
            -0,
            1,
            -1,
            0.1,
            -0.9,
            3.5,
            1e10,
            -2.5,
            16777217,
            Infinity,
            -Infinity,
            Number.NaN,
            1 / 3,
          ]),
        );
      case 'i32':
        return int(this.#draws.one([0, 1, -1, 2, 3, 7, 2147483647, -2147483648, -5]));
      case 'u32':
        return constant(this.#draws.one([0, 1, 2, 5, 4294967295]), 'u32');
      case 'bool':
        return constant(this.#draws.below(2), 'bool');
      default:
        return dtype satisfies never;
    }
  }

  #type(): Ty {
    return this.#draws.one<Ty>(['f32', 'f32', 'i32', 'i32', 'u32', 'bool']);
  }

  #fresh(base: string): string {
    // Names that no target takes as they are, too.
    const odd = this.#draws.one(['', 'ü', ' x', '; }', '/*', 'fn']);
    return `${base}${odd}${this.#count++}`;
  }

  #source(role: TensorRole, dtype: Tensor['dtype'], shape: number[], below = 0): Tensor {
    const tensor: Tensor = { name: role, shape, dtype, role };
    const length = shape.reduce((n, extent) => n * extent, 1);
    const value = (): number => {
      switch (dtype) {
        case 'u8':
          return this.#draws.below(256);
        case 'bool':
          return this.#draws.below(2);
        case 'i32':
          return below > 0 ? this.#draws.below(below) : this.#draws.below(41) - 20;
        default:
          return (this.#draws.below(65) - 32) / 4;
      }
    };
    this.#memory.set(tensor, Float64Array.from({ length }, value));
    this.#sources.push(tensor);
    return tensor;
  }

  #out(dtype: Ty): void {
    const role = this.#draws.one(['temp', 'result', 'next']);
    const shape = [this.#grid * this.#workgroup, 1 + this.#draws.below(3)];
    const tensor: Tensor = { name: `out_${dtype}`, shape, dtype, role };
    this.#memory.set(tensor, new Float64Array(shape.reduce((n, extent) => n * extent, 1)));
    this.#outs.push(tensor);
  }
}
