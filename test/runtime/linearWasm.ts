import { compile } from 'watr';
import type { WasmProgram } from '../../src/runtime/wasm/index.ts';
import { barrierImport, barrierText } from '../../src/wasm/barrier.ts';
import { COLUMNS, linearModel } from './linearModel.ts';

/** Where the arenas lie, and the step's fields in the order of `linearModel.stepFields`, in bytes. */
const memory = { state: 192, words: 320, temps: 384, packed: 448, bytes: 448, threadBytes: 64 };
/** Elements from one state to the next: each begins a line of 64 bytes. */
const LINE_ELEMENTS = 16;
const field = { step: 0, result: 4, batch: 8, rows: 12, x: 16, y: 20, lr: 24 };

const load = (name: keyof typeof field): string => `(i32.load offset=${field[name]} (local.get $record))`;
const state = (k: number): string => `(f32.load (i32.const ${memory.state + 4 * k}))`;

/**
 * What a thread does besides before a step, or before each where none is given: instructions, which see `$record`,
 * `$thread`, `$threads`, and a local of their own, `$turns`.
 */
export interface Mischief {
  readonly step?: number;
  readonly thread: number;
  readonly instructions: string;
}

/** Instructions that take a while: the others sleep at the next barrier before this thread comes there. */
export const dawdle = `(loop $turn
  (br_if $turn (i32.lt_u (local.tee $turns (i32.add (local.get $turns) (i32.const 1))) (i32.const 300000))))`;

function moduleText({ step, thread, instructions }: Mischief): string {
  const column = (k: number): string => `(call $x (local.get $record) (local.get $row) (i32.const ${k}))`;
  const slopes = [0, 1, 2, 3].map((k) => `(local $slope${k} f32)`).join(' ');
  return `
(module
  (import "sinter" "memory" (memory 1 65536 shared))
  (import "sinter" "tile" (func $tile (param f32 f32 f32) (result f32)))
  (import "sinter" "now" (func $now (result f64)))
  ${barrierImport}

  ${barrierText}

  (func $x (param $record i32) (param $row i32) (param $column i32) (result f32)
    (f32.convert_i32_u (i32.load8_u (i32.add
      (i32.shl ${load('x')} (i32.const 2))
      (i32.add (i32.mul (local.get $row) (i32.const ${COLUMNS})) (local.get $column))))))

  (func $row (param $record i32) (param $r i32) (result i32)
    (i32.load (i32.shl (i32.add ${load('rows')} (local.get $r)) (i32.const 2))))

  (func $predicted (param $record i32) (param $row i32) (result f32)
    (call $tile ${column(2)} ${state(2)}
      (call $tile ${column(1)} ${state(1)}
        (call $tile ${column(0)} ${state(0)} ${state(LINE_ELEMENTS)}))))

  ;; temps[r] = w · x[row] + b - y[row], each thread every so many rows.
  (func $errors (param $record i32) (param $thread i32) (param $threads i32) (local $r i32) (local $row i32)
    (local.set $r (local.get $thread))
    (block $done
      (loop $rows
        (br_if $done (i32.ge_s (local.get $r) ${load('batch')}))
        (local.set $row (call $row (local.get $record) (local.get $r)))
        (f32.store offset=${memory.temps} (i32.shl (local.get $r) (i32.const 2))
          (f32.sub
            (call $predicted (local.get $record) (local.get $row))
            (f32.convert_i32_s (i32.load (i32.shl (i32.add ${load('y')} (local.get $row)) (i32.const 2))))))
        (local.set $r (i32.add (local.get $r) (local.get $threads)))
        (br $rows))))

  ;; The mean of the squares of the errors, their gradient, and the step downhill.
  (func $update (param $record i32)
    (local $r i32) (local $row i32) (local $e f32) (local $loss f32) ${slopes} (local $scale f32) (local $to i32)
    (loop $rows
      (local.set $row (call $row (local.get $record) (local.get $r)))
      (local.set $e (f32.load offset=${memory.temps} (i32.shl (local.get $r) (i32.const 2))))
      (local.set $loss (f32.add (local.get $loss) (f32.mul (local.get $e) (local.get $e))))
      ${[0, 1, 2].map((k) => `(local.set $slope${k} (f32.add (local.get $slope${k}) (f32.mul (local.get $e) ${column(k)})))`).join('\n')}
      (local.set $slope3 (f32.add (local.get $slope3) (local.get $e)))
      (local.set $r (i32.add (local.get $r) (i32.const 1)))
      (br_if $rows (i32.lt_s (local.get $r) ${load('batch')})))
    (local.set $scale (f32.div
      (f32.mul (f32.load offset=${field.lr} (local.get $record)) (f32.const 2))
      (f32.convert_i32_s ${load('batch')})))
    ${[0, 1, 2, 3]
      .map((slope) => [slope, slope === 3 ? LINE_ELEMENTS : slope] as const)
      .map(
        ([slope, k]) =>
          `(f32.store (i32.const ${memory.state + 4 * k}) (f32.sub ${state(k)} (f32.mul (local.get $scale) (local.get $slope${slope}))))`,
      )
      .join('\n')}
    (i32.store (i32.const ${memory.words}) (i32.add (i32.load (i32.const ${memory.words})) (i32.const 1)))
    (local.set $to (i32.shl ${load('result')} (i32.const 2)))
    (f32.store (local.get $to) (f32.div (local.get $loss) (f32.convert_i32_s ${load('batch')})))
    (i32.store offset=4 (local.get $to) ${load('batch')})
    (f32.store offset=8 (local.get $to) (f32.convert_i32_s ${load('step')})))

  (func $predict (param $record i32) (param $thread i32) (param $threads i32) (local $r i32)
    (local.set $r (local.get $thread))
    (block $done
      (loop $rows
        (br_if $done (i32.ge_s (local.get $r) ${load('batch')}))
        (f32.store
          (i32.shl (i32.add ${load('result')} (local.get $r)) (i32.const 2))
          (call $predicted (local.get $record) (call $row (local.get $record) (local.get $r))))
        (local.set $r (i32.add (local.get $r) (local.get $threads)))
        (br $rows))))

  (func $mischief (param $record i32) (param $thread i32) (param $threads i32) (local $turns i32)
    (if (i32.and
          ${step === undefined ? '(i32.const 1)' : `(i32.eq ${load('step')} (i32.const ${step}))`}
          (i32.eq (local.get $thread) (i32.const ${thread})))
      (then ${instructions})))

  ;; Thread 0 writes the time that a kernel took, and gives that of the next.
  (func $note (param $thread i32) (param $times i32) (param $since f64) (result f64) (local $at f64)
    (if (i32.or (i32.eqz (local.get $times)) (local.get $thread)) (then (return (f64.const 0))))
    (local.set $at (call $now))
    (f64.store (local.get $times) (f64.sub (local.get $at) (local.get $since)))
    (local.get $at))

  (func (export "play")
    (param $entry i32) (param $record i32) (param $stride i32) (param $count i32)
    (param $thread i32) (param $threads i32) (param $scratch i32) (param $times i32)
    (local $since f64)
    (global.set $threads (local.get $threads))
    ;; Scratch is aligned, and the thread's own: whoever finds another's mark fails.
    (if (i32.and (local.get $scratch) (i32.const 63)) (then (unreachable)))
    (if (i32.gt_u (i32.load (local.get $scratch)) (i32.add (local.get $thread) (i32.const 1))) (then (unreachable)))
    (i32.store (local.get $scratch) (i32.add (local.get $thread) (i32.const 1)))
    (if (i32.and (i32.ne (local.get $times) (i32.const 0)) (i32.eqz (local.get $thread)))
      (then (local.set $since (call $now))))
    (loop $steps
      (call $mischief (local.get $record) (local.get $thread) (local.get $threads))
      (if (i32.eqz (local.get $entry))
        (then
          (call $errors (local.get $record) (local.get $thread) (local.get $threads))
          (call $barrier)
          (local.set $since (call $note (local.get $thread) (local.get $times) (local.get $since)))
          (if (i32.eqz (local.get $thread)) (then (call $update (local.get $record)))))
        (else (call $predict (local.get $record) (local.get $thread) (local.get $threads))))
      (call $barrier)
      (if (i32.eqz (local.get $entry))
        (then
          (if (local.get $times) (then (local.set $times (i32.add (local.get $times) (i32.const 8)))))))
      (local.set $since (call $note (local.get $thread) (local.get $times) (local.get $since)))
      (if (local.get $times) (then (local.set $times (i32.add (local.get $times) (i32.const 8)))))
      (local.set $record (i32.add (local.get $record) (local.get $stride)))
      (br_if $steps (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
`;
}

/** A module that exports `tile`: the sum of the last operand and of the product of the others. */
export function tileText(body: string): string {
  return `(module
    (import "sinter" "memory" (memory 1 65536 shared))
    (func (export "tile") (param $a f32) (param $b f32) (param $c f32) (result f32) ${body}))`;
}

const operand = (name: string): string => `(f32x4.splat (local.get ${name}))`;
const relaxed = tileText(
  `(f32x4.extract_lane 0 (f32x4.relaxed_madd ${operand('$a')} ${operand('$b')} ${operand('$c')}))`,
);
const strict = tileText('(f32.add (f32.mul (local.get $a) (local.get $b)) (local.get $c))');

/** WebAssembly text as a program holds it. */
export function assembled(text: string): string {
  return Buffer.from(compile(text)).toString('base64');
}

/** `linearModel` for WebAssembly, written by hand; by default it does what it should. */
export function linearWasm(mischief: Mischief = { thread: -1, instructions: '' }): WasmProgram {
  const { kernels, ...rest } = linearModel;
  return {
    ...rest,
    state: rest.state.map((slot) => (slot.name === 'b' ? { ...slot, offset: LINE_ELEMENTS } : slot)),
    buffers: { ...rest.buffers, state: 128, words: 64, peakBytes: 256 },
    target: 'wasm',
    kernels: kernels.map(({ name, kind, nodes, flops, bytes }) => ({
      name,
      kind,
      nodes,
      flops,
      bytes,
      code: '',
      packedBytes: 0,
    })),
    module: assembled(moduleText(mischief)),
    tiles: { relaxed: assembled(relaxed), strict: assembled(strict) },
    memory,
  };
}
