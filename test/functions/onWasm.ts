import { compile } from 'watr';
import { type ScalarFunctionName, scalarFunctions } from '../../src/functions/index.ts';
import { mathText } from '../../src/wasm/math.ts';

/** Values of functions on WebAssembly: one module of them all, with a loop for each that maps it over memory. */
export function onWasm(
  names: readonly ScalarFunctionName[],
): (name: ScalarFunctionName, args: readonly Float32Array[]) => Float32Array {
  const memory = new WebAssembly.Memory({ initial: (3 * CAPACITY * 4) / 65536 });
  const loops = names.map((name) => {
    const args = Array.from(
      { length: scalarFunctions[name].arity },
      (_, k) => `(v128.load offset=${CAPACITY * 4 * (k + 1)} (local.get $at))`,
    );
    return `(func (export "${name}") (param $end i32) (local $at i32)
    (loop $next
      (v128.store (local.get $at) (call $${name} ${args.join(' ')}))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end)))))`;
  });
  const text = `(module (import "test" "memory" (memory 1)) ${mathText(names)} ${loops.join('\n')})`;
  const module = new WebAssembly.Module(new Uint8Array(compile(text)));
  const { exports } = new WebAssembly.Instance(module, { test: { memory } });
  return (name, args) => {
    const count = args[0]?.length ?? 0;
    if (count > CAPACITY) throw new RangeError(`${count} points: at most ${CAPACITY}`);
    args.forEach((values, k) => {
      new Float32Array(memory.buffer, CAPACITY * 4 * (k + 1), count).set(values);
    });
    const run = exports[name];
    if (typeof run !== 'function') throw new TypeError(`the module does not export ${name}`);
    run(count * 4);
    return new Float32Array(memory.buffer, 0, count).slice();
  };
}

/** Points that one run takes; a multiple of 4. */
const CAPACITY = 1 << 16;
