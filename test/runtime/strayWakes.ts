import { createHash } from 'node:crypto';
import type * as sinter from '../../src/index.ts';
import type { Data, start, WasmProgram, WasmSession } from '../../src/runtime/wasm/index.ts';

/** What came of training twice, once while sleeping threads were woken that nobody had called. */
export interface Wakes {
  /** How often a thread was woken. */
  readonly woken: number;
  readonly epochs: number;
  /** SHA-256 of all states without such wakes, and with them. */
  readonly calm: string;
  readonly disturbed: string;
}

/** Wakes that tell something: most come while their thread's barrier still waits for another. */
const ENOUGH = 30;
const MOST_EPOCHS = 200;
/** Where threads sleep at barriers, in words (`src/wasm/barrier.ts`). */
const BARRIER = 16;

/**
 * Trains on two threads until thirty wakes have come that no barrier sent, then as many epochs without them.
 *
 * @param open `start` of `sinter/runtime/wasm`, of the sources or of the package
 * @param program whose threads wait long enough for one another to sleep
 * @throws DeviceError `lost` where a thread has left a barrier too early
 */
export async function strayWakes(open: typeof start, program: WasmProgram, data: Data): Promise<Wakes> {
  const { session, memory } = await withMemory(() => open(program, { threads: 2, seed: 7 }));
  const words = new Int32Array(memory.buffer);
  let woken = 0;
  let goesOn = true;
  const wake = (): void => {
    for (let k = 0; k < 50; k++) woken += Atomics.notify(words, BARRIER);
    if (goesOn) setImmediate(wake);
  };
  wake();
  let epochs = 0;
  try {
    while (woken < ENOUGH && epochs < MOST_EPOCHS) {
      await train(session, data);
      epochs++;
    }
  } finally {
    goesOn = false;
  }
  const calm = await open(program, { threads: 2, seed: 7 });
  for (let epoch = 0; epoch < epochs; epoch++) await train(calm, data);
  const result = { woken, epochs, calm: await digest(calm), disturbed: await digest(session) };
  session.dispose();
  calm.dispose();
  return result;
}

/**
 * A model whose threads sleep at barriers: one of them alone computes a log-sum-exp of many elements.
 *
 * @param doors `defineModule` and the like, of the sources or of the package
 */
export function unevenModel({ defineModule, nn, optim }: Doors): sinter.Module {
  return defineModule('uneven', (m) => {
    const rows = m.size('batch', { max: 8 });
    const x = m.input('x', { shape: [rows, 16] });
    const y = m.input('y', { shape: [rows], dtype: 'i32' });
    const wide = nn.dense(x, 4096);
    const loss = nn.crossEntropy(nn.dense(x, 4), y).add(wide.mul(0.1).logSumExp().mul(1e-3));
    m.entry('train', { loss, updates: optim.sgd({ lr: 0.05 }).minimize(loss) });
  });
}

/** Rows for `unevenModel`. */
export function unevenData(rows: number): Data {
  return {
    x: Float32Array.from({ length: 16 * rows }, (_, i) => ((i * 7919) % 251) / 251),
    y: Int32Array.from({ length: rows }, (_, i) => i % 4),
  };
}

type Doors = Pick<typeof sinter, 'defineModule' | 'nn' | 'optim'>;

/** Trains for an epoch, in chunks of three steps. */
export async function train(session: WasmSession, data: Data): Promise<void> {
  for await (const { loss } of session.train({ data, shuffle: true, stepsPerSubmit: 3 }))
    if (!Number.isFinite(loss)) throw new RangeError(`the loss is ${loss}`);
}

/** SHA-256 of all states. */
export async function digest(session: WasmSession): Promise<string> {
  const hash = createHash('sha256');
  for (const { name } of session.program.state) hash.update((await session.read(name)).data);
  return hash.digest('hex');
}

/** A session, and the memory that it made. */
async function withMemory(
  open: () => Promise<WasmSession>,
): Promise<{ readonly session: WasmSession; readonly memory: WebAssembly.Memory }> {
  const { Memory } = WebAssembly;
  const made: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(this);
    }
  };
  try {
    const session = await open();
    const memory = made.at(-1);
    if (memory === undefined) throw new TypeError('the session has made no memory');
    return { session, memory };
  } finally {
    WebAssembly.Memory = Memory;
  }
}
