import { barrierImport, barrierText } from './barrier.ts';
import { i32 } from './code.ts';
import { codeOf, type WasmKernelText } from './kernel.ts';
import { type FunctionName, mathText } from './math.ts';
import { tileImports } from './tile.ts';

/** What the whole module is made of. */
export interface ModuleParts {
  readonly kernels: readonly WasmKernelText[];
  /** For each entry the numbers of its kernels, in order. */
  readonly entries: readonly { readonly name: string; readonly kernels: readonly number[] }[];
  readonly math: ReadonlySet<FunctionName>;
}

/** The text of a module, as `WasmProgram` says what it imports and exports. */
export function moduleText({ kernels, entries, math }: ModuleParts): string {
  const sweeps = [...new Map(kernels.flatMap((k) => k.sweeps).map((p) => [p.run, p])).values()];
  const parts = [
    HEAD,
    mathText(math),
    barrierText,
    ...kernels.map((kernel) => `;; kernel ${kernel.name}\n${codeOf(kernel.functions)}`),
    ...sweeps.map(
      ({ run, tasks }) => `(func $${run}_all (local $task i32) (local $tasks i32)
  (local.set $tasks ${tasks})
  (loop $next
    (local.set $task (call $take))
    (if (i32.lt_u (local.get $task) (local.get $tasks)) (then (call $${run} (local.get $task)) (br $next))))
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
${barrierImport}
(global $record (mut i32) (i32.const 0))
(global $scratch (mut i32) (i32.const 0))`;

function play(kernels: readonly WasmKernelText[], entries: ModuleParts['entries']): string {
  const steps = entries.map(({ name, kernels: own }, e) => {
    const lines = own.flatMap((k) => [
      ...(kernels[k]?.sweeps ?? []).map(({ run }) => `(call $${run}_all)`),
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
