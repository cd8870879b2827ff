import { TILE_COLUMNS, TILE_ROWS } from './tileSize.ts';

/*
 * The inner loops of every contraction, as WebAssembly text: tiles of 4 rows × 8 columns,
 * `c[i][j] (+)= Σ a[i][k] · b[k][j]`, for all panels of a block.
 *
 * Eight accumulators, two vectors of `b` and those of `a` are all that V8 can keep in registers: larger tiles spill (its
 * engine in Node 20 has 15 vector registers to give). That engine sinks arithmetic under all loads of a basic block, so
 * the steps of a turn are kept apart by the branches that leave it where a run ends. Products are added up in runs and
 * these in memory; callers see to it that one call has few runs.
 *
 * Columns are packed, `b[k][8]`. Rows are packed too, `a[k][4]`, or read where they lie: row i at an address of its
 * own, step k so many bytes from it, for all rows alike. Of four rows that are packed, or lie side by side, two are copied
 * to all lanes out of one load of all, the others loaded so: 45 GFLOP/s where all loaded reach 42, and all copied 41
 * (V8 11.3; 43, 41 and 41 in V8 13.6; x64 whose peak is 47.7).
 */
/** What the module of the tiles exports: `tile` for packed rows, `tile_at` for rows where they lie. */
export type TileName = 'tile' | 'tile_at';

const TILES: readonly TileName[] = ['tile', 'tile_at'];

/** How the rows of one tile lie: packed, anywhere, or anywhere but side by side. */
type Rows = TileName | 'tile_near';

/** Steps that are written one after the other: fewer counters and jumps a step. */
const TURN = 8;

/**
 * Steps for which all tiles of a block are added up before the next ones: panels of both sides stay in the first cache
 * (32 KiB, of which each panel of columns takes 8 and each of rows 4), whatever else there is of them.
 */
const CACHED_STEPS = 256;

const BLOCK = '(param $b i32) (param $bPanels i32) (param $bPitch i32)';
const SUMS = '(param $k i32) (param $run i32) (param $c i32) (param $pitch i32) (param $add i32)';

/**
 * Parameters of all: a block's panels of rows (the first, how many, bytes from one to the next) or of tables of its rows'
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
  [
    ...(['tile', 'tile_near', 'tile_at'] as const).flatMap((rows) => ['', ...oneTile(rows, relaxed)]),
    ...TILES.flatMap((name) => ['', ...allTiles(name)]),
  ],
  2,
)})
`;
}

const ROWS = [0, 1, 2, 3];
const COLUMNS = [0, 1];

/** Rows that are copied out of a load of all four: the first ones. */
const COPIED = 2;

const SUM_NAMES = ROWS.flatMap((r) => COLUMNS.map((c) => `$c${r}${c}`));

/** What is counted up to the end of a run, and by how many bytes a step. */
function counterOf(name: Rows): readonly [local: string, bytes: number] {
  return name === 'tile' ? ['$a', 4 * TILE_ROWS] : ['$steps', 4];
}

/** One tile: 4 rows, a panel of 8 columns. */
function oneTile(name: Rows, relaxed: boolean): string[] {
  const isPacked = name === 'tile';
  const [counter, bytes] = counterOf(name);
  const starts = name === 'tile' ? [] : name === 'tile_near' ? [0] : ROWS;
  const turn = Array.from({ length: TURN }, (_, step) => [
    ...(step === 0 ? [] : [`(br_if $done (i32.eq (local.get $left) (i32.const ${step * bytes})))`]),
    ...oneStep(name, step, relaxed),
  ]).flat();
  return [
    `(func $one_${name} (param $a i32)${isPacked ? '' : ' (param $steps i32)'} (param $b i32) ${SUMS}`,
    '  (local $end i32) (local $left i32) (local $row i32) (local $a_r v128) (local $b0 v128) (local $b1 v128)',
    `  ${SUM_NAMES.map((sum) => `(local ${sum} v128)`).join(' ')}`,
    ...(isPacked ? [] : ['  (local $step i32)']),
    ...(name === 'tile_at' ? [] : ['  (local $a_0123 v128)']),
    ...starts.flatMap((r) => [`  (local $a${r} i32)`]),
    ...starts.map((r) => `  (local.set $a${r} (i32.load offset=${4 * r} (local.get $a)))`),
    '  (loop $next_run',
    '    (if (i32.gt_u (local.get $run) (local.get $k)) (then (local.set $run (local.get $k))))',
    '    (local.set $k (i32.sub (local.get $k) (local.get $run)))',
    `    (local.set $end (i32.add (local.get ${counter}) (i32.mul (local.get $run) (i32.const ${bytes}))))`,
    ...SUM_NAMES.map((sum) => `    (local.set ${sum} (v128.const i32x4 0 0 0 0))`),
    '    (if (local.get $run) (then (block $done (loop $next',
    `      (local.set $left (i32.sub (local.get $end) (local.get ${counter})))`,
    ...turn.map((line) => `      ${line}`),
    `      (local.set ${counter} (i32.add (local.get ${counter}) (i32.const ${TURN * bytes})))`,
    `      (local.set $b (i32.add (local.get $b) (i32.const ${4 * TURN * TILE_COLUMNS})))`,
    `      (br_if $next (i32.lt_u (local.get ${counter}) (local.get $end)))))))`,
    '    (local.set $row (local.get $c))',
    '    (if (local.get $add) (then',
    ...stores(true),
    '    ) (else',
    ...stores(false),
    '      (local.set $add (i32.const 1))))',
    '    ;; a turn that was left has not counted its steps',
    `    (local.set $b (i32.add (local.get $b) (i32.mul (i32.sub (local.get $end) (local.get ${counter})) (i32.const ${(4 * TILE_COLUMNS) / bytes}))))`,
    `    (local.set ${counter} (local.get $end))`,
    '    (br_if $next_run (local.get $k))))',
  ];
}

/** The products of one step of a turn. */
function oneStep(name: Rows, step: number, relaxed: boolean): string[] {
  const columns = COLUMNS.map((c) => {
    const at = offset(4 * (TILE_COLUMNS * step + 4 * c));
    return `(local.set $b${c} (v128.load ${at}(local.get $b)))`;
  });
  const products = (r: number, row: string): string[] => [
    `(local.set $a_r ${row})`,
    ...COLUMNS.map((c) => added(`$c${r}${c}`, '$a_r', `$b${c}`, relaxed)),
  ];
  const table = `(i32.load ${offset(4 * step)}(local.get $steps))`;
  if (name === 'tile_at') {
    const rowAt = (r: number): string => `(i32.add (local.get $a${r}) (local.get $step))`;
    return [
      `(local.set $step ${table})`,
      ...columns,
      ...ROWS.flatMap((r) => products(r, `(v128.load32_splat ${rowAt(r)})`)),
    ];
  }
  const [base, first] = name === 'tile' ? ['$a', 4 * TILE_ROWS * step] : ['$step', 0];
  const rowOf = (r: number): string =>
    r < COPIED ? copied('$a_0123', r) : `(v128.load32_splat ${offset(first + 4 * r)}(local.get ${base}))`;
  return [
    ...(name === 'tile' ? [] : [`(local.set $step (i32.add (local.get $a0) ${table}))`]),
    `(local.set $a_0123 (v128.load ${offset(first)}(local.get ${base})))`,
    ...columns,
    ...ROWS.flatMap((r) => products(r, rowOf(r))),
  ];
}

function offset(bytes: number): string {
  return bytes === 0 ? '' : `offset=${bytes} `;
}

/** One lane of a vector in all four. */
function copied(vector: string, lane: number): string {
  const bytes = [0, 1, 2, 3].map((byte) => 4 * lane + byte).join(' ');
  const four = Array.from({ length: 4 }, () => bytes).join(' ');
  return `(i8x16.shuffle ${four} (local.get ${vector}) (local.get ${vector}))`;
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

/** Whether the rows of the tile whose addresses lie at `$rows` follow one another. */
const sideBySide = [1, 2, 3]
  .map((r) => {
    const apart = `(i32.sub (i32.load offset=${4 * r} (local.get $rows)) (i32.load (local.get $rows)))`;
    return `(i32.eq ${apart} (i32.const ${4 * r}))`;
  })
  .reduce((a, b) => `(i32.and ${a} ${b})`);

/** All tiles of a block: for so many steps as caches hold, then for the next ones. */
function allTiles(name: TileName): string[] {
  const isPacked = name === 'tile';
  const [counter, bytes] = counterOf(name);
  const rows = `(local.get $rows)${isPacked ? '' : ' (local.get $steps)'}`;
  const one = (of: Rows): string =>
    `(call $one_${of} ${rows} (local.get $panel) (local.get $count) (local.get $run) (local.get $sums) (local.get $pitch) (local.get $add))`;
  return [
    `(func (export "${name}") ${PARAMS[name]}`,
    '  (local $left i32) (local $rows i32) (local $sums i32) (local $panel i32) (local $panels i32) (local $column i32)',
    '  (local $count i32)',
    '  (if (i32.or (i32.eqz (local.get $aPanels)) (i32.eqz (local.get $bPanels))) (then (return)))',
    '  (local.set $count (local.get $k))',
    '  ;; parts of about the same length, in whole runs',
    `  (if (i32.gt_u (local.get $k) (i32.const ${CACHED_STEPS})) (then`,
    `    (local.set $count (i32.div_u (local.get $k) (i32.div_u (i32.add (local.get $k) (i32.const ${CACHED_STEPS - 1})) (i32.const ${CACHED_STEPS}))))`,
    '    (local.set $count (i32.mul (local.get $run) (i32.div_u (i32.add (local.get $count) (i32.sub (local.get $run) (i32.const 1))) (local.get $run))))))',
    '  (loop $next_part',
    '    (if (i32.gt_u (local.get $count) (local.get $k)) (then (local.set $count (local.get $k))))',
    '    ;; b stays in the cache while all rows use it',
    '    (local.set $panel (local.get $b))',
    '    (local.set $column (local.get $c))',
    '    (local.set $panels (local.get $bPanels))',
    '    (loop $next_column',
    '      (local.set $rows (local.get $a))',
    '      (local.set $sums (local.get $column))',
    '      (local.set $left (local.get $aPanels))',
    '      (loop $next_row',
    ...(isPacked
      ? [`        ${one('tile')}`]
      : [`        (if ${sideBySide} (then ${one('tile_near')}) (else ${one('tile_at')}))`]),
    `        (local.set $rows (i32.add (local.get $rows) ${isPacked ? '(local.get $aPitch)' : `(i32.const ${4 * TILE_ROWS})`}))`,
    '        (local.set $sums (i32.add (local.get $sums) (i32.shl (local.get $pitch) (i32.const 2))))',
    '        (br_if $next_row (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))',
    '      (local.set $panel (i32.add (local.get $panel) (local.get $bPitch)))',
    '      (local.set $column (i32.add (local.get $column) (i32.const 32)))',
    '      (br_if $next_column (local.tee $panels (i32.sub (local.get $panels) (i32.const 1)))))',
    `    (local.set ${counter} (i32.add (local.get ${counter}) (i32.mul (local.get $count) (i32.const ${bytes}))))`,
    `    (local.set $b (i32.add (local.get $b) (i32.mul (local.get $count) (i32.const ${4 * TILE_COLUMNS}))))`,
    '    (local.set $add (i32.const 1))',
    '    (br_if $next_part (local.tee $k (i32.sub (local.get $k) (local.get $count))))))',
  ];
}

function indent(lines: readonly string[], by: number): string {
  return lines.map((line) => (line === '' ? line : `${' '.repeat(by)}${line}`)).join('\n');
}
