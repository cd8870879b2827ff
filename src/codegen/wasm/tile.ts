/**
 * The inner loop of every contraction, as WebAssembly text: a tile of 4 rows × 8 columns,
 * `c[i][j] += Σ a[k][i] · b[k][j]` over packed panels, one `k` a turn.
 *
 * Eight accumulators, two vectors of `b` and one of `a` are all that V8 can keep in registers: larger tiles
 * and several `k` a turn spill (its engine in Node 20 has 15 vector registers to give). Products are added up
 * in runs and these in memory, so that rounding errors grow with the run and the number of runs.
 */
export const TILE_ROWS = 4;
export const TILE_COLUMNS = 8;

/**
 * The module of the tile.
 *
 * @param relaxed whether products are added by `f32x4.relaxed_madd`, which rounds once or twice, by machine
 */
export function tileModule(relaxed: boolean): string {
  const add = (acc: string, a: string, b: string): string => {
    const [x, y, z] = [a, b, acc].map((name) => `(local.get ${name})`);
    return `(local.set ${acc} ${relaxed ? `(f32x4.relaxed_madd ${x} ${y} ${z})` : `(f32x4.add (f32x4.mul ${x} ${y}) ${z})`})`;
  };
  const rows = [0, 1, 2, 3];
  const columns = [0, 1];
  const accumulators = rows.flatMap((r) => columns.map((c) => `$c${r}${c}`));
  const products = rows.flatMap((r) => [
    `(local.set $a_r (v128.load32_splat offset=${4 * r} (local.get $a)))`,
    ...columns.map((c) => add(`$c${r}${c}`, '$a_r', `$b${c}`)),
  ]);
  const stores = rows.flatMap((r) => [
    ...columns.map((c) => {
      const at = `offset=${16 * c}`;
      return `(v128.store ${at} (local.get $row) (f32x4.add (v128.load ${at} (local.get $row)) (local.get $c${r}${c})))`;
    }),
    ...(r === 3 ? [] : ['(local.set $row (i32.add (local.get $row) (local.get $pitch)))']),
  ]);
  const indent = (lines: readonly string[], by: number): string =>
    lines.map((line) => `${' '.repeat(by)}${line}`).join('\n');
  return `(module
  (import "sinter" "memory" (memory 1 65536 shared))
  ;; a: panel of 4 rows, [k][4]; b: panel of 8 columns, [k][8]; c: 4 rows of 8, pitch bytes apart
  (func (export "tile") (param $a i32) (param $b i32) (param $k i32) (param $run i32) (param $c i32) (param $pitch i32)
    (local $end i32) (local $row i32) (local $a_r v128) (local $b0 v128) (local $b1 v128)
    ${accumulators.map((name) => `(local ${name} v128)`).join(' ')}
    (if (i32.eqz (local.get $k)) (then (return)))
    (loop $next_run
      (if (i32.gt_u (local.get $run) (local.get $k)) (then (local.set $run (local.get $k))))
      (local.set $k (i32.sub (local.get $k) (local.get $run)))
      (local.set $end (i32.add (local.get $a) (i32.shl (local.get $run) (i32.const 4))))
${indent(
  accumulators.map((name) => `(local.set ${name} (v128.const i32x4 0 0 0 0))`),
  6,
)}
      (loop $next
        (local.set $b0 (v128.load (local.get $b)))
        (local.set $b1 (v128.load offset=16 (local.get $b)))
${indent(products, 8)}
        (local.set $a (i32.add (local.get $a) (i32.const 16)))
        (local.set $b (i32.add (local.get $b) (i32.const 32)))
        (br_if $next (i32.lt_u (local.get $a) (local.get $end))))
      (local.set $row (local.get $c))
${indent(stores, 6)}
      (br_if $next_run (local.get $k)))))
`;
}

/** All tiles of a block: panels of rows by panels of columns, each side's so many bytes apart. */
export const tilesFunction = `(func $tiles (param $a i32) (param $aPanels i32) (param $aPitch i32) (param $b i32) (param $bPanels i32) (param $bPitch i32) (param $k i32) (param $run i32) (param $c i32) (param $pitch i32)
  ;; b stays in the cache while all rows use it
  (local $left i32) (local $rows i32) (local $tile i32)
  (if (i32.or (i32.eqz (local.get $aPanels)) (i32.eqz (local.get $bPanels))) (then (return)))
  (loop $next_column
    (local.set $rows (local.get $a))
    (local.set $tile (local.get $c))
    (local.set $left (local.get $aPanels))
    (loop $next_row
      (call $tile (local.get $rows) (local.get $b) (local.get $k) (local.get $run) (local.get $tile) (local.get $pitch))
      (local.set $rows (i32.add (local.get $rows) (local.get $aPitch)))
      (local.set $tile (i32.add (local.get $tile) (i32.shl (local.get $pitch) (i32.const 2))))
      (br_if $next_row (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.set $b (i32.add (local.get $b) (local.get $bPitch)))
    (local.set $c (i32.add (local.get $c) (i32.const 32)))
    (br_if $next_column (local.tee $bPanels (i32.sub (local.get $bPanels) (i32.const 1))))))`;
