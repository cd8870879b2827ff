import { i32 } from './code.ts';

/** Turns for which a thread looks whether the others have come before it sleeps. */
const SPINS = 20000;

/** What a module imports for `barrierText`. */
export const barrierImport = '(import "sinter" "lost" (func $lost))';

/**
 * Where the threads of a program meet: `$barrier` returns when all `$threads` of them have called it, and `$take`
 * gives each caller the next number of a task, from 0 again after each barrier.
 *
 * The threads' words lie at the start of memory, each in a cache line of its own: how many have come to the barrier
 * (0), how many barriers all have passed (64), the next task (128). Each thread has its own number of barriers in the
 * global `$passed`; it waits until memory says another, and must then find its own number again. Where it does not,
 * at a barrier or behind one, it is ahead of the others or behind them, and calls `$lost`, which throws. Numbers are
 * compared for equality alone, so that they may wrap.
 *
 * No local may live across the wait: the baseline compiler of V8 11.3 (Node 20) forgets one that was its operand, and
 * a wake that nobody is owed (a thread that was preempted before its notify sends one to the next barrier) would let
 * the thread out.
 */
export const barrierText = `(global $threads (mut i32) (i32.const 1))
(global $passed (mut i32) (i32.const 0))

(func $take (result i32)
  (i32.atomic.rmw.add (i32.const 128) (i32.const 1)))

(func $check_passed
  (if (i32.ne (i32.atomic.load (i32.const 64)) (global.get $passed)) (then (call $lost) (unreachable))))

(func $barrier (local $before i32) (local $spins i32)
  ;; nobody passes this barrier before this thread has come
  (call $check_passed)
  (local.set $before (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
  (if (i32.ge_u (local.get $before) (global.get $threads)) (then (call $lost) (unreachable)))
  (if (i32.eq (i32.add (local.get $before) (i32.const 1)) (global.get $threads))
    (then
      (global.set $passed (i32.add (global.get $passed) (i32.const 1)))
      (i32.atomic.store (i32.const 128) (i32.const 0))
      (i32.atomic.store (i32.const 0) (i32.const 0))
      (i32.atomic.store (i32.const 64) (global.get $passed))
      (drop (memory.atomic.notify (i32.const 64) (global.get $threads)))
      (return)))
  ;; waking takes longer than most waits last
  (loop $look
    (if (i32.eq (i32.atomic.load (i32.const 64)) (global.get $passed))
      (then
        (br_if $look (i32.lt_u (local.tee $spins (i32.add (local.get $spins) (i32.const 1))) ${i32(SPINS)}))
        (call $sleep))))
  (global.set $passed (i32.add (global.get $passed) (i32.const 1)))
  ;; nor the next
  (call $check_passed))

(func $sleep
  (loop $again
    (drop (memory.atomic.wait32 (i32.const 64) (global.get $passed) (i64.const -1)))
    (br_if $again (i32.eq (i32.atomic.load (i32.const 64)) (global.get $passed)))))`;
