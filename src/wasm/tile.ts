import { TILE } from '../schedule/tasks.ts';

/**
 * The inner loops of every contraction, as WebAssembly text: tiles of 4 rows × 8 columns,
 * `c[i][j] (+)= Σ a[i][k] · b[k][j]`, one `k` a turn, for all panels of a block.
 *
 * Eight accumulators, two vectors of `b` and one of `a` are all that V8 can keep in registers: larger tiles
 * and several `k` a turn spill (its engine in Node 20 has 15 vector registers to give). Products are added up
 * in runs and these in memory; callers see to it that one call has few runs.
 *
 * Columns are packed, `b[k][8]`. Rows are packed too, `a[k][4]`, or read where they lie: row i at an address of its
 * own, step k so many bytes from it, for all rows alike. That costs one load and four additions a turn, 4 % of
 * the speed, and no packing.
 */
export const { rows: TILE_ROWS, columns: TILE_COLUMNS } = TILE;

/** What the module of the tiles exports: `tile` for packed rows, `tile_at` for rows where they lie. */
export type TileName = 'tile' | 'tile_at';

const TILES: readonly TileName[] = ['tile', 'tile_at'];

const BLOCK = '(param $b i32) (param $bPanels i32) (param $bPitch i32)';
const SUMS = '(param $k i32) (param $run i32) (param $c i32) (param $pitch i32) (param $add i32)';

/**
 * Parameters of both: a block's panels of rows (the first, how many, bytes from one to the next) or of tables of its rows'
 * addresses (the first, how many, the table of steps in bytes); its panels of columns; steps, of which so many make a
 * run; where sums lie, bytes from row to row, and whether they are added to what lies there.
 */
const PARAMS: Readonly<Record<TileName, string>> = {
  tile: `(param $a i32) (param $aPanels i32) (param $aPitch i32) ${BLOCK} ${SUMS}`,
  tile_at: `(param $a i32) (param $aPanels i32) (param $steps i32) ${BLOCK} ${SUMS}`,
};

/** What a module imports to call them, as `$tiles` and `$tiles_at`. */
export const tileImports: string = TILES.map((name) => {
  const types = [...PARAMS[name].matchAll(/i32/g)].join(' ');
  return `(import "sinter" "${name}" (func $${name.replace('tile', 'tiles')} (param ${types})))`;
}).join('\n');

/**
 * The module of the tiles.
 *
 * @param relaxed whether products are added by `f32x4.relaxed_madd`, which rounds once or twice, by machine
 */
export function tileModule(relaxed: boolean): string {
  return `(module
  (import "sinter" "memory" (memory 1 65536 shared))
${indent(
  TILES.flatMap((name) => ['', ...oneTile(name, relaxed), '', ...allTiles(name)]),
  2,
)})
`;
}

const ROWS = [0, 1, 2, 3];
const COLUMNS = [0, 1];
const SUM_NAMES = ROWS.flatMap((r) => COLUMNS.map((c) => `$c${r}${c}`));

/** One tile: 4 rows, a panel of 8 columns. */
function oneTile(name: TileName, relaxed: boolean): string[] {
  const isPacked = name === 'tile';
  // What is counted up to the end of a run, and by how many bytes a step.
  const [counter, bytes] = isPacked ? ['$a', 16] : ['$steps', 4];
  const rowAt = (r: number): string =>
    isPacked ? `offset=${4 * r} (local.get $a)` : `(i32.add (local.get $a${r}) (local.get $step))`;
  const products = ROWS.flatMap((r) => [
    `(local.set $a_r (v128.load32_splat ${rowAt(r)}))`,
    ...COLUMNS.map((c) => added(`$c${r}${c}`, '$a_r', `$b${c}`, relaxed)),
  ]);
  return [
    `(func $one_${name} (param $a i32)${isPacked ? '' : ' (param $steps i32)'} (param $b i32) ${SUMS}`,
    '  (local $end i32) (local $row i32) (local $a_r v128) (local $b0 v128) (local $b1 v128)',
    `  ${SUM_NAMES.map((sum) => `(local ${sum} v128)`).join(' ')}`,
    ...(isPacked
      ? []
      : [
          `  (local $step i32) ${ROWS.map((r) => `(local $a${r} i32)`).join(' ')}`,
          ...ROWS.map((r) => `  (local.set $a${r} (i32.load offset=${4 * r} (local.get $a)))`),
        ]),
    '  (loop $next_run',
    '    (if (i32.gt_u (local.get $run) (local.get $k)) (then (local.set $run (local.get $k))))',
    '    (local.set $k (i32.sub (local.get $k) (local.get $run)))',
    `    (local.set $end (i32.add (local.get ${counter}) (i32.mul (local.get $run) (i32.const ${bytes}))))`,
    ...SUM_NAMES.map((sum) => `    (local.set ${sum} (v128.const i32x4 0 0 0 0))`),
    '    (if (local.get $run) (then (loop $next',
    ...(isPacked ? [] : ['      (local.set $step (i32.load (local.get $steps)))']),
    '      (local.set $b0 (v128.load (local.get $b)))',
    '      (local.set $b1 (v128.load offset=16 (local.get $b)))',
    ...products.map((line) => `      ${line}`),
    `      (local.set ${counter} (i32.add (local.get ${counter}) (i32.const ${bytes})))`,
    '      (local.set $b (i32.add (local.get $b) (i32.const 32)))',
    `      (br_if $next (i32.lt_u (local.get ${counter}) (local.get $end))))))`,
    '    (local.set $row (local.get $c))',
    '    (if (local.get $add) (then',
    ...stores(true),
    '    ) (else',
    ...stores(false),
    '      (local.set $add (i32.const 1))))',
    '    (br_if $next_run (local.get $k))))',
  ];
}

function added(sum: string, a: string, b: string, relaxed: boolean): string {
  const [x, y, z] = [a, b, sum].map((name) => `(local.get ${name})`);
  const text = relaxed ? `(f32x4.relaxed_madd ${x} ${y} ${z})` : `(f32x4.add (f32x4.mul ${x} ${y}) ${z})`;
  return `(local.set ${sum} ${text})`;
}

function stores(isAdded: boolean): string[] {
  return ROWS.flatMap((r) => [
    ...COLUMNS.map((c) => {
      const at = `offset=${16 * c} (local.get $row)`;
      const sum = `(local.get $c${r}${c})`;
      return `      (v128.store ${at} ${isAdded ? `(f32x4.add (v128.load ${at}) ${sum})` : sum})`;
    }),
    ...(r === 3 ? [] : ['      (local.set $row (i32.add (local.get $row) (local.get $pitch)))']),
  ]);
}

/** All tiles of a block. */
function allTiles(name: TileName): string[] {
  const isPacked = name === 'tile';
  const rows = `(local.get $rows)${isPacked ? '' : ' (local.get $steps)'}`;
  return [
    `(func (export "${name}") ${PARAMS[name]}`,
    '  ;; b stays in the cache while all rows use it',
    '  (local $left i32) (local $rows i32) (local $sums i32)',
    '  (if (i32.or (i32.eqz (local.get $aPanels)) (i32.eqz (local.get $bPanels))) (then (return)))',
    '  (loop $next_column',
    '    (local.set $rows (local.get $a))',
    '    (local.set $sums (local.get $c))',
    '    (local.set $left (local.get $aPanels))',
    '    (loop $next_row',
    `      (call $one_${name} ${rows} (local.get $b) (local.get $k) (local.get $run) (local.get $sums) (local.get $pitch) (local.get $add))`,
    `      (local.set $rows (i32.add (local.get $rows) ${isPacked ? '(local.get $aPitch)' : `(i32.const ${4 * TILE_ROWS})`}))`,
    '      (local.set $sums (i32.add (local.get $sums) (i32.shl (local.get $pitch) (i32.const 2))))',
    '      (br_if $next_row (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))',
    '    (local.set $b (i32.add (local.get $b) (local.get $bPitch)))',
    '    (local.set $c (i32.add (local.get $c) (i32.const 32)))',
    '    (br_if $next_column (local.tee $bPanels (i32.sub (local.get $bPanels) (i32.const 1))))))',
  ];
}

function indent(lines: readonly string[], by: number): string {
  return lines.map((line) => (line === '' ? line : `${' '.repeat(by)}${line}`)).join('\n');
}
