import { compile, defineModule, type Module, nn, optim } from '../../src/index.ts';
import { type Spread, spread } from '../spread.ts';

/** What one call takes as a part of another: of two medians of the same process. Microseconds. */
export interface Ratio {
  readonly name: string;
  readonly one: Spread;
  readonly whole: Spread;
  readonly ratio: number;
  /** What the ratio may be. */
  readonly allowed: number;
}

const [VOCABULARY, WIDTH, LOOKUPS] = [10_000, 128, 768];
const ROWS = 1024;
const RUNS = 15;

/** Two tables of 10,000 × 128 looked up 768 times each: a training step, and one that reads and writes both tables. */
const tables: Module = defineModule('tables', (m) => {
  const shape = [VOCABULARY, WIDTH];
  const a = m.state('a', { shape, init: nn.init.constant(0.1) });
  const b = m.state('b', { shape, init: nn.init.constant(0.1) });
  const [i, j] = ['i', 'j'].map((name) => m.input(name, { shape: [LOOKUPS], dtype: 'i32' }));
  if (i === undefined || j === undefined) throw new RangeError('two inputs');
  const loss = a.take(i).mul(b.take(j)).sum(1).tanh().mean();
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  m.entry('touch', { updates: [a, b].map((state) => ({ state, next: state.mul(0.999) })) });
});

/** Two dense layers on a batch that may have 1,024 rows. */
const rows: Module = defineModule('rows', (m) => {
  const batch = m.size('batch', { max: ROWS });
  const h = nn.dense(m.input('x', { shape: [batch, 784] }), 512, { activation: 'relu', name: 'first' });
  m.entry('predict', { y: nn.dense(h, 512, { activation: 'relu', name: 'second' }).argmax(1) });
});

/** A training step of two tables beside reading and writing them, and one row of a batch beside all, on one thread. */
export async function measureRunning(): Promise<Ratio[]> {
  const indices = (step: number): Int32Array =>
    Int32Array.from({ length: LOOKUPS }, (_, k) => (k * step) % VOCABULARY);
  const lookedUp = await timesOf(tables, {
    one: ['train', { i: indices(7919), j: indices(104_729) }],
    whole: ['touch', {}],
  });
  const pixels = (n: number): Float32Array => new Float32Array(n * 784).fill(0.5);
  const live = await timesOf(rows, {
    one: ['predict', { x: pixels(1) }],
    whole: ['predict', { x: pixels(ROWS) }],
  });
  return [
    { name: 'a training step of two tables / reading and writing them', ...lookedUp, allowed: 4 },
    { name: 'one row of a batch that may have 1,024 / all', ...live, allowed: 0.05 },
  ];
}

type Call = readonly [entry: string, inputs: Readonly<Record<string, ArrayLike<number>>>];

/** The two calls, in turn. */
async function timesOf(
  module: Module,
  calls: { readonly one: Call; readonly whole: Call },
): Promise<Omit<Ratio, 'name' | 'allowed'>> {
  const session = await (await compile(module, { target: 'wasm' })).start({ threads: 1 });
  const take = async ([entry, inputs]: Call): Promise<number> => {
    const begin = performance.now();
    await session.run(entry, inputs);
    return 1000 * (performance.now() - begin);
  };
  const times: { readonly one: number[]; readonly whole: number[] } = { one: [], whole: [] };
  try {
    // The engine compiles what is hot a second time.
    for (let run = 0; run < 5; run++) for (const call of Object.values(calls)) await take(call);
    for (let run = 0; run < RUNS; run++) {
      times.one.push(await take(calls.one));
      times.whole.push(await take(calls.whole));
    }
  } finally {
    session.dispose();
  }
  const [one, whole] = [spread(times.one), spread(times.whole)];
  return { one, whole, ratio: one.median / whole.median };
}
