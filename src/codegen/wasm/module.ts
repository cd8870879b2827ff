import { i32 } from './code.ts';
import type { WasmKernelText } from './kernel.ts';
import { type MathName, mathText } from './math.ts';
import { tileImports } from './tile.ts';

/** Turns for which a thread looks whether the others have come before it sleeps. */
const SPINS = 20000;

/** What the whole module is made of. */
export interface ModuleParts {
  readonly kernels: readonly WasmKernelText[];
  /** For each entry the numbers of its kernels, in order. */
  readonly entries: readonly { readonly name: string; readonly kernels: readonly number[] }[];
  readonly math: ReadonlySet<MathName>;
}

/** The text of a module, as `WasmProgram` says what it imports and exports. */
export function moduleText({ kernels, entries, math }: ModuleParts): string {
  const phases = [...new Map(kernels.flatMap((k) => k.phases).map((p) => [p.run, p])).values()];
  const parts = [
    HEAD,
    mathText(math),
    THREADS,
    ...kernels.map((kernel) => `;; kernel ${kernel.name}\n${kernel.code}`),
    ...phases.map(
      ({ run, tasks }) => `(func $${run}_all (local $task i32)
  (loop $next
    (local.set $task (call $take))
    (if (i32.lt_u (local.get $task) ${i32(tasks)}) (then (call $${run} (local.get $task)) (br $next))))
  (call $barrier))`,
    ),
    play(kernels, entries),
  ];
  return `(module\n${parts
    .filter((part) => part !== '')
    .join('\n\n')
    .split('\n')
    .map((line) => (line === '' ? line : `  ${line}`))
    .join('\n')})\n`;
}

const HEAD = `(import "sinter" "memory" (memory 1 65536 shared))
${tileImports}
(import "sinter" "now" (func $now (result f64)))
(global $record (mut i32) (i32.const 0))
(global $scratch (mut i32) (i32.const 0))
(global $threads (mut i32) (i32.const 1))`;

/**
 * Memory starts with the threads' own words, each in a cache line of its own: how many have come to the
 * barrier (0), how often all have (64), and the next task (128), which the last to come sets back.
 */
const THREADS = `(func $take (result i32)
  (i32.atomic.rmw.add (i32.const 128) (i32.const 1)))

(func $barrier (local $turn i32) (local $spins i32)
  (local.set $turn (i32.atomic.load (i32.const 64)))
  (if (i32.eq (i32.add (i32.atomic.rmw.add (i32.const 0) (i32.const 1)) (i32.const 1)) (global.get $threads))
    (then
      (i32.atomic.store (i32.const 128) (i32.const 0))
      (i32.atomic.store (i32.const 0) (i32.const 0))
      (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 64) (global.get $threads)))
      (return)))
  ;; waking takes longer than most waits last
  (loop $look
    (if (i32.ne (i32.atomic.load (i32.const 64)) (local.get $turn)) (then (return)))
    (br_if $look (i32.lt_u (local.tee $spins (i32.add (local.get $spins) (i32.const 1))) ${i32(SPINS)})))
  (loop $sleep
    (drop (memory.atomic.wait32 (i32.const 64) (local.get $turn) (i64.const -1)))
    (br_if $sleep (i32.eq (i32.atomic.load (i32.const 64)) (local.get $turn)))))`;

function play(kernels: readonly WasmKernelText[], entries: ModuleParts['entries']): string {
  const steps = entries.map(({ name, kernels: own }, e) => {
    const lines = own.flatMap((k) => [
      ...(kernels[k]?.phases ?? []).map(({ run }) => `(call $${run}_all)`),
      '(local.set $times (call $note (local.get $times)))',
    ]);
    return `    ;; entry ${JSON.stringify(name)}
    (if (i32.eq (local.get $entry) ${i32(e)}) (then
${lines.map((line) => `      ${line}`).join('\n')}))`;
  });
  return `(global $since (mut f64) (f64.const 0))

;; the time since the last note, to where times are kept, if they are
(func $note (param $times i32) (result i32) (local $now f64)
  (if (i32.eqz (local.get $times)) (then (return (i32.const 0))))
  (local.set $now (call $now))
  (f64.store (local.get $times) (f64.sub (local.get $now) (global.get $since)))
  (global.set $since (local.get $now))
  (i32.add (local.get $times) (i32.const 8)))

(func (export "play") (param $entry i32) (param $first i32) (param $stride i32) (param $count i32) (param $thread i32) (param $count_threads i32) (param $own i32) (param $times i32)
  (global.set $record (local.get $first))
  (global.set $threads (local.get $count_threads))
  (global.set $scratch (local.get $own))
  (if (local.get $thread) (then (local.set $times (i32.const 0))))
  (if (local.get $times) (then (global.set $since (call $now))))
  (if (i32.eqz (local.get $count)) (then (return)))
  (loop $next
${steps.join('\n')}
    (global.set $record (i32.add (global.get $record) (local.get $stride)))
    (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))`;
}
