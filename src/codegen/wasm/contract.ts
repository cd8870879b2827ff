import {
  type Axis,
  apply,
  axisRef,
  domainSize,
  type Expr,
  int,
  type Loop,
  load,
  mapExpr,
  substituteAxes,
  type Tensor,
} from '../../loops/index.ts';
import { type Code, constantOf, driver, i32, minus, plus, times } from './code.ts';
import type { Evaluator } from './evaluate.ts';
import { emitNest, endOf, rowValues } from './nest.ts';
import { batchOf, type Tiled } from './sides.ts';
import { TILE_COLUMNS, TILE_ROWS } from './tile.ts';

/** Products that a tile adds up before it adds them to the rest. */
const RUN = 64;

/** Steps of the reduction for which rows are packed at a time: their panels stay in the cache. */
const CHUNK = 1024;

/** How one contraction runs: over blocks of rows, all columns at once. */
export interface Contract {
  readonly tiled: Tiled;
  /** Products that each output sums. */
  readonly steps: number;
  /** Rows that are computed at a time. */
  readonly block: number;
  /** Values of the outermost reduction axis for which rows are packed at a time. */
  readonly chunk: number;
  /** Bytes of one set of packed columns, and how many sets there are. */
  readonly packedBytes: number;
  readonly packedSets: number;
  /** Whether every block of rows is whole panels, and every set of columns. */
  readonly evenRows: boolean;
  readonly evenColumns: boolean;
  /** Of a thread's scratch, while it runs: packed rows, and the sums of a block. */
  readonly rowBytes: number;
  readonly sumBytes: number;
}

/**
 * The schedule of a contraction.
 *
 * @param mostRows rows of a block, at most
 * @param taskRows rows of a task, which takes them block by block
 */
export function contractOf(loop: Loop, tiled: Tiled, mostRows: number, taskRows = mostRows): Contract {
  const rows = domainSize(tiled.rows);
  const columns = domainSize(tiled.columns);
  const block = Math.min(mostRows, Math.ceil(rows / TILE_ROWS) * TILE_ROWS);
  const [first, ...inner] = loop.reduceAxes;
  const innerSize = domainSize(inner);
  const chunk = Math.min(first?.extent ?? 1, Math.max(1, Math.floor(CHUNK / innerSize)));
  const panels = Math.ceil(columns / TILE_COLUMNS);
  return {
    tiled,
    steps: domainSize(loop.reduceAxes),
    block,
    chunk,
    packedBytes: panels * TILE_COLUMNS * domainSize(loop.reduceAxes) * 4,
    packedSets: domainSize(batchOf(tiled, tiled.b)),
    evenRows: rows % TILE_ROWS === 0 && block % TILE_ROWS === 0 && taskRows % TILE_ROWS === 0,
    evenColumns: columns % TILE_COLUMNS === 0,
    rowBytes: block * chunk * innerSize * 4,
    sumBytes: block * panels * TILE_COLUMNS * 4,
  };
}

/** Columns that one task packs. */
export const PACKED_COLUMNS = 8 * TILE_COLUMNS;

/** A function's part of a contraction: what its variables are called in expressions. */
export interface Within {
  readonly evaluator: Evaluator;
  readonly loop: Loop;
  readonly contract: Contract;
}

/**
 * Writes the packing of columns `[from, to)` of one set into panels of eight, `[column / 8][k][8]`, at the
 * address `out`. Columns beyond the last are left as they are: their sums are never read.
 *
 * @param set number of the set, a text; `from` is a multiple of eight
 */
export function emitPackColumns(
  within: Within,
  texts: { readonly set: string; readonly from: string; readonly to: string; readonly out: string },
): void {
  const { evaluator, loop, contract } = within;
  const { tiled } = contract;
  const set = driver('set', contract.packedSets);
  const column = driver('column', domainSize(tiled.columns));
  evaluator.code.scope.axes.set(set, texts.set);
  const values = new Map([...rowValues(batchOf(tiled, tiled.b), set), ...rowValues(tiled.columns, column)]);
  const panelBytes = domainSize(loop.reduceAxes) * TILE_COLUMNS * 4;
  const operand = { value: tiled.b, values, own: column, width: TILE_COLUMNS, isEven: contract.evenColumns };
  new Packing(within, operand, i32(panelBytes)).write({
    from: texts.from,
    to: texts.to,
    out: texts.out,
    chunk: null,
  });
}

/**
 * Writes the packing of rows `[from, to)` into panels of four, `[row / 4][k][4]`, for a chunk of the outermost
 * reduction axis. Rows are numbered over the batch axes too.
 */
export function emitPackRows(
  within: Within,
  texts: {
    readonly from: string;
    readonly to: string;
    readonly chunk: readonly [from: string, to: string];
    readonly out: string;
    readonly panelBytes: string;
  },
): void {
  const { tiled } = within.contract;
  const axes = [...tiled.batch, ...tiled.rows];
  const row = driver('row', domainSize(axes));
  const operand = {
    value: tiled.a,
    values: rowValues(axes, row),
    own: row,
    width: TILE_ROWS,
    isEven: within.contract.evenRows,
  };
  new Packing(within, operand, texts.panelBytes).write({
    from: texts.from,
    to: texts.to,
    out: texts.out,
    chunk: texts.chunk,
  });
}

/** One side of a contraction, as it is packed. */
interface Operand {
  readonly value: Expr;
  /** Its own axes in terms of `own`, the number of its row or column. */
  readonly values: ReadonlyMap<Axis, Expr>;
  readonly own: Axis;
  /** Rows or columns of a panel. */
  readonly width: number;
  /** Whether what is packed is always whole panels. */
  readonly isEven: boolean;
}

/** Packs one operand: four neighbouring elements at a time, along the panel or along the reduction. */
class Packing {
  readonly #evaluator: Evaluator;
  readonly #code: Code;
  readonly #value: Expr;
  readonly #reduce: readonly Axis[];
  readonly #own: Axis;
  readonly #width: number;
  readonly #isEven: boolean;
  readonly #evenSteps: boolean;
  readonly #panelBytes: string;
  readonly #inner: Axis;

  /** @param panelBytes from one panel to the next */
  constructor({ evaluator, loop, contract }: Within, operand: Operand, panelBytes: string) {
    this.#evaluator = evaluator;
    this.#code = evaluator.code;
    this.#value = this.#evaluator.simplify(substituteAxes(operand.value, operand.values));
    this.#reduce = loop.reduceAxes;
    this.#own = operand.own;
    this.#width = operand.width;
    this.#isEven = operand.isEven;
    this.#panelBytes = panelBytes;
    const inner = loop.reduceAxes[loop.reduceAxes.length - 1];
    if (inner === undefined) throw new RangeError('a contraction without a reduction');
    this.#inner = inner;
    const chunked = loop.reduceAxes.length === 1 ? contract.chunk : inner.extent;
    this.#evenSteps = inner.live === undefined && inner.extent % 4 === 0 && chunked % 4 === 0;
  }

  write(range: PackRange): void {
    if (packsAlongReduction(this.#evaluator, this.#value, this.#own, this.#inner))
      this.#alongReduction(range);
    else this.#alongPanel(range);
  }

  /** For each step of the reduction the vectors of all panels: what is read lies side by side. */
  #alongPanel(range: PackRange): void {
    const { from, to } = range;
    const counted = this.#code.local('at', 'i32');
    this.#code.line(`(local.set ${counted} ${range.out})`);
    this.#overReduction(range, this.#reduce, () => {
      const out = this.#code.local('out', 'i32');
      const name = this.#code.local(this.#own.name, 'i32');
      this.#code.line(`(local.set ${out} (local.get ${counted}))`);
      this.#code.line(`(local.set ${name} ${from})`);
      const quads = this.#width / 4;
      this.#code.loopOn(
        name,
        this.#isEven ? to : minus(to, i32(this.#width - 1)),
        this.#width,
        () => {
          for (let q = 0; q < quads; q++) {
            const value = this.#shifted(4 * q);
            this.#evaluator.expect(value);
            const text = this.#evaluator.vector(value, this.#own);
            this.#code.line(`(v128.store${q === 0 ? '' : ` offset=${16 * q}`} (local.get ${out}) ${text})`);
          }
          this.#code.line(`(local.set ${out} (i32.add (local.get ${out}) ${this.#panelBytes}))`);
        },
        this.#own,
      );
      // The last panel may be narrower.
      if (!this.#isEven) {
        const one = (): void => {
          this.#evaluator.expect(this.#value);
          this.#code.line(`(f32.store (local.get ${out}) ${this.#evaluator.scalar(this.#value)})`);
          this.#code.line(`(local.set ${out} (i32.add (local.get ${out}) (i32.const 4)))`);
        };
        this.#code.loopOn(name, to, 1, one, this.#own);
      }
      this.#code.line(`(local.set ${counted} (i32.add (local.get ${counted}) ${i32(4 * this.#width)}))`);
    });
  }

  /** For each four rows (columns) four steps of the reduction at a time, transposed. */
  #alongReduction(range: PackRange): void {
    const { from, to } = range;
    const last = driver('last', this.#own.extent);
    this.#code.scope.axes.set(last, minus(to, i32(1)));
    const rows = [0, 1, 2, 3].map((r) => (this.#isEven ? this.#shifted(r) : this.#clamped(r, last)));
    this.#code.loop(
      this.#own.name,
      from,
      to,
      4,
      (own) => {
        const step = 4 * this.#width;
        const start = `(i32.sub ${own} ${from})`;
        const quad = this.#code.let('quad', 'i32', `(i32.shr_u ${start} (i32.const 2))`);
        const panel =
          this.#width === 4
            ? `(i32.mul ${quad} ${this.#panelBytes})`
            : `(i32.add (i32.mul (i32.shr_u ${quad} (i32.const 1)) ${this.#panelBytes}) (i32.shl (i32.and ${quad} (i32.const 1)) (i32.const 4)))`;
        const out = this.#code.local('out', 'i32');
        this.#code.line(`(local.set ${out} (i32.add ${range.out} ${panel}))`);
        const advance = (steps: number): void =>
          this.#code.line(`(local.set ${out} (i32.add (local.get ${out}) ${i32(steps * step)}))`);
        this.#overReduction(range, this.#reduce.slice(0, -1), () => {
          const chunked = this.#reduce.length === 1 ? range.chunk : null;
          const begin = chunked === null ? i32(0) : chunked[0];
          const end = chunked === null ? endOf(this.#evaluator, this.#inner) : chunked[1];
          const name = this.#code.local(this.#inner.name, 'i32');
          this.#code.line(`(local.set ${name} ${begin})`);
          this.#code.loopOn(
            name,
            this.#evenSteps ? end : minus(end, i32(3)),
            4,
            () => {
              this.#evaluator.expect(...rows);
              const texts = rows.map((value) => this.#evaluator.vector(value, this.#inner));
              for (const [k, text] of transposed(this.#code, texts).entries())
                this.#code.line(
                  `(v128.store${k === 0 ? '' : ` offset=${k * step}`} (local.get ${out}) ${text})`,
                );
              advance(4);
            },
            this.#inner,
          );
          this.#code.loopOn(
            name,
            end,
            1,
            () => {
              this.#evaluator.expect(...rows);
              for (const [r, value] of rows.entries()) {
                const text = this.#evaluator.scalar(value);
                this.#code.line(`(f32.store${r === 0 ? '' : ` offset=${4 * r}`} (local.get ${out}) ${text})`);
              }
              advance(1);
            },
            this.#inner,
          );
        });
      },
      this.#own,
    );
  }

  #overReduction(range: PackRange, axes: readonly Axis[], body: () => void): void {
    const visit = (k: number): void => {
      const axis = axes[k];
      if (axis === undefined) {
        body();
        return;
      }
      const chunked = k === 0 && range.chunk !== null;
      const from = chunked ? range.chunk[0] : i32(0);
      const to = chunked ? range.chunk[1] : endOf(this.#evaluator, axis);
      this.#code.loop(axis.name, from, to, 1, () => visit(k + 1), axis);
    };
    visit(0);
  }

  #shifted(by: number): Expr {
    if (by === 0) return this.#value;
    const moved = apply('add', axisRef(this.#own), int(by));
    return this.#evaluator.simplify(substituteAxes(this.#value, new Map([[this.#own, moved]])));
  }

  /** The operand at a row (column) `by` further on, or at the last one: what is beyond is never read. */
  #clamped(by: number, last: Axis): Expr {
    if (by === 0) return this.#value;
    const moved = apply('min', apply('add', axisRef(this.#own), int(by)), axisRef(last));
    return this.#evaluator.simplify(substituteAxes(this.#value, new Map([[this.#own, moved]])));
  }
}

interface PackRange {
  readonly from: string;
  readonly to: string;
  /** Address of the first panel. */
  readonly out: string;
  /** Part of the outermost reduction axis, or all of it. */
  readonly chunk: readonly [from: string, to: string] | null;
}

/** Whether an operand is read faster along the reduction, and transposed, than along its own rows or columns. */
function packsAlongReduction(evaluator: Evaluator, value: Expr, own: Axis, inner: Axis): boolean {
  if (inner.extent < 4) return false;
  const TRANSPOSE = 2;
  return evaluator.cost([value], inner) + TRANSPOSE < evaluator.cost([value], own);
}

/** Four vectors as the rows of a 4 × 4 matrix, transposed. */
function transposed(code: Code, rows: readonly string[]): string[] {
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

/** The sums of a block as a tensor, `[row in the block, column]`, which the outputs' values read. */
export function sumsTensor(contract: Contract): Tensor {
  const columns = Math.ceil(domainSize(contract.tiled.columns) / TILE_COLUMNS) * TILE_COLUMNS;
  return { name: 'sums', shape: [contract.block, columns], dtype: 'f32', role: 'private' };
}

/** Addresses and functions that a contraction's code uses, as texts. */
export interface ContractTexts {
  readonly from: string;
  readonly to: string;
  /** Where packed rows and the sums lie. */
  readonly rows: string;
  readonly sums: string;
  /** Packed columns of a set. */
  readonly columns: (set: string) => string;
  /** Function that packs rows: from, to, chunk from, chunk to, panel bytes, address, first row of the task. */
  readonly packRows: string;
}

/**
 * Writes a contraction for rows `[from, to)`, at most a block and of one set: packs the rows, adds up the
 * tiles, then computes the outputs from the sums.
 *
 * @param sums tensor that the outputs' values read, `sumsTensor`
 * @param first variable that is the first row
 */
export function emitContract(within: Within, texts: ContractTexts, sums: Tensor, first: Axis): void {
  const { evaluator, loop, contract } = within;
  const { code } = evaluator;
  const { tiled } = contract;
  const { from, to } = texts;
  const columns = sums.shape[1];
  const panels = Math.ceil(domainSize(tiled.columns) / TILE_COLUMNS);
  const pitch = 4 * Number(columns);
  const [outer, ...inner] = loop.reduceAxes;
  if (outer === undefined) throw new RangeError(`${loop.name}: a contraction without a reduction`);
  const aPanels = code.let(
    'panels',
    'i32',
    `(i32.shr_u (i32.add (i32.sub ${to} ${from}) (i32.const 3)) (i32.const 2))`,
  );
  code.line(`(memory.fill ${texts.sums} (i32.const 0) (i32.mul ${aPanels} ${i32(TILE_ROWS * pitch)}))`);
  const rowsOfSet = domainSize(tiled.rows);
  const set =
    contract.packedSets === 1 ? i32(0) : code.let('set', 'i32', `(i32.div_u ${from} ${i32(rowsOfSet)})`);
  const steps = inner.map((axis) => endOf(evaluator, axis)).reduce((a, b) => times(a, b), i32(1));
  const end = endOf(evaluator, outer);
  const panelBytes = domainSize(loop.reduceAxes) * TILE_COLUMNS * 4;
  const base = texts.columns(set);
  const tiles = (begin: string, stop: string): void => {
    const count = times(minus(stop, begin), steps);
    const k = constantOf(count) === null ? code.let('k', 'i32', count) : count;
    code.line(
      `(call ${texts.packRows} ${from} ${to} ${begin} ${stop} ${times(k, i32(16))} ${texts.rows} (local.get $first))`,
    );
    const b = plus(base, times(times(begin, steps), i32(32)));
    code.line(
      `(call $tiles ${texts.rows} ${aPanels} ${b} ${i32(panels)} ${i32(panelBytes)} ${k} ${i32(RUN)} ${texts.sums} ${i32(pitch)})`,
    );
  };
  if (contract.chunk >= outer.extent) tiles(i32(0), end);
  else {
    code.loop('begin', i32(0), end, contract.chunk, (begin) => {
      const next = `(i32.add ${begin} ${i32(contract.chunk)})`;
      tiles(begin, code.let('stop', 'i32', `(select ${next} ${end} (i32.lt_s ${next} ${end}))`));
    });
  }
  // What remains is a loop without a reduction, over the block's rows and all columns.
  const axes = [...tiled.batch, ...tiled.rows];
  const row = driver('row', domainSize(axes));
  const sum = load(sums, [apply('sub', flat(axes), axisRef(first)), flat(tiled.columns)]);
  const isSum = (e: Expr): boolean => e.kind === 'acc' && e.reduction === 0 && e.part === 0;
  const epilogue: Loop = {
    ...loop,
    reduceAxes: [],
    reductions: [],
    outs: loop.outs.map((out) => ({ ...out, value: mapExpr(out.value, (e) => (isSum(e) ? sum : e)) })),
  };
  const lane = [...tiled.columns].reverse().find((axis) => axis.extent >= 4) ?? null;
  emitNest(evaluator, epilogue, { rows: axes, lane, evenRows: false }, { from, to, row });
}

/** Row-major number over axes. */
function flat(axes: readonly Axis[]): Expr {
  return axes.reduce<Expr>(
    (index, axis) => apply('add', apply('mul', index, int(axis.extent)), axisRef(axis)),
    int(0),
  );
}
