import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type AnySignature,
  type CompiledProgram,
  compile,
  Dataset,
  defineModule,
  type Module,
  type ModuleBuilder,
  metrics,
  nn,
  type Output,
  optim,
  type Session,
} from '../../src/index.ts';
import type { Session as RuntimeSession } from '../../src/runtime/index.ts';
import {
  type Callback,
  callbacks,
  type FitOptions,
  type FitRun,
  type History,
  fit as trained,
} from '../../src/train/index.ts';

/** A classifier of two entries, whose inputs are listed: all of it is in the module's type. */
const typed = defineModule('typed', (m) => {
  const batch = m.size('batch', { max: 4 });
  const x = m.input('x', { shape: [batch, 3], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const scale = m.state('scale', { shape: [], init: nn.init.ones() });
  const lr = m.param('lr', { initial: 0.1 });
  const logits = nn.dense(x.cast('f32'), 2, { name: 'output' }).mul(scale);
  const loss = nn.crossEntropy(logits, y);
  const updates = optim.sgd({ lr }).minimize(loss);
  const train = m.entry('train', { loss, updates }, { inputs: [x, y] });
  const predict = m.entry('predict', { label: logits.argmax(1), logits }, { inputs: [x] });
  return { train, predict, batch, scale, lr };
});

/** The same, of which the entries' outputs are known alone. */
const listed = defineModule('listed', (m) => {
  const x = m.input('x', { shape: [2] });
  const y = m.input('y', { shape: [2] });
  return [m.entry('sum', { sum: x.add(y) }), m.entry('isLess', { isLess: x.lt(y) })];
});

const untyped: Module = typed;

describe('a session of a module whose function returns what it declares', () => {
  it('knows names of entries and inputs, and which inputs there have to be', async () => {
    const session = await (await compile(typed, { target: 'wasm' })).start({ threads: 1 });
    const x = new Uint8Array(6);
    const y = [0, 1];
    const { label, logits } = await session.run('predict', { x });
    expectTypeOf(label).toEqualTypeOf<Output<Int32Array>>();
    expectTypeOf(logits).toEqualTypeOf<Output<Float32Array>>();
    expect(label.data).toHaveLength(2);
    expect(
      (await session.run('train', { x, y }, { params: { lr: 0.5 }, sizes: { batch: 2 } })).loss.data,
    ).toHaveLength(1);

    const { scalars, outputs, samples } = await session.evaluate('predict', { data: { x, y } });
    expectTypeOf(scalars).toEqualTypeOf<{ readonly label?: number; readonly logits?: number }>();
    expectTypeOf(outputs.label?.data).toEqualTypeOf<Int32Array | Float64Array<ArrayBuffer> | undefined>();
    expect(samples).toBe(2);
    const [epoch] = await session.train({ data: { x, y }, onProgress: ({ scalars }) => scalars.loss });
    expectTypeOf(epoch?.scalars.loss).toEqualTypeOf<number | undefined>();
    expect(epoch?.scalars.loss).toBeTypeOf('number');
    const history = await session.fit({ data: { x, y }, epochs: 1 });
    expect(history.epochs).toHaveLength(1);
    const dataset = await session.dataset({ x });
    expect(dataset).toBeInstanceOf(Dataset);
    const scale = await session.read('scale');
    expectTypeOf(scale).toEqualTypeOf<Output<Float32Array>>();
    // Layers declare states that no handle is of.
    expectTypeOf(await session.read('output.weight')).toEqualTypeOf<Output>();
    await session.write('scale', [2]);
    expect((await session.read('scale')).data).toEqual(Float32Array.of(2));
    session.dispose();
  });

  it('refuses others where they are written', () => {
    const refused = async (session: Session<SignatureOf<typeof typed>>): Promise<void> => {
      const x = new Uint8Array(6);
      // @ts-expect-error there is no such entry
      await session.run('nope', {});
      // @ts-expect-error it reads x
      await session.run('predict', {});
      // @ts-expect-error it reads x
      await session.run('predict');
      // @ts-expect-error there is no such input
      await session.run('predict', { x, z: x });
      // @ts-expect-error a text is no array of numbers
      await session.run('predict', { x: 'pixels' });
      // @ts-expect-error nor are booleans: they are given as 0 and 1
      await session.run('predict', { x: [true, false] });
      // @ts-expect-error there is no such size
      await session.run('predict', { x }, { sizes: { rows: 2 } });
      // @ts-expect-error it reads y too
      await session.train({ data: { x } });
      // @ts-expect-error there is no such entry
      await session.train({ entry: 'trian', data: { x, y: [0] } });
      // @ts-expect-error it is not an input
      await session.evaluate('train', { data: { x, y: [0], label: [0] } });
      // @ts-expect-error there is no such input
      await session.dataset({ pixels: x });
      // @ts-expect-error it reads y too
      await session.fit({ data: { x } });
      // @ts-expect-error there is no such entry
      await session.fit({ data: { x, y: [0] }, validationEntry: 'test' });
      const { label } = await session.run('predict', { x });
      // @ts-expect-error it has no other output
      (await session.run('predict', { x })).lable;
      // @ts-expect-error labels are integers
      label.data satisfies Float32Array;
    };
    expect(refused).toBeTypeOf('function');
  });

  it('takes any inputs of an entry that lists none', async () => {
    const session = await (await compile(listed, { target: 'wasm' })).start({ threads: 1 });
    const { sum } = await session.run('sum', { x: [1, 2], y: [3, 4] });
    expectTypeOf(sum).toEqualTypeOf<Output<Float32Array>>();
    const { isLess } = await session.run('isLess', { x: [1, 2], y: [3, 1] });
    expectTypeOf(isLess).toEqualTypeOf<Output<Uint32Array>>();
    expect([[...sum.data], [...isLess.data]]).toEqual([
      [4, 6],
      [1, 0],
    ]);
    // @ts-expect-error there is no such entry
    await expect(session.run('nope', {})).rejects.toThrow('nope: no such entry');
    session.dispose();
  });

  it('is a session of any, and so are its module and program', () => {
    expectTypeOf<Module<SignatureOf<typeof typed>>>().toExtend<Module>();
    expectTypeOf<CompiledProgram<SignatureOf<typeof typed>>>().toExtend<CompiledProgram>();
    expectTypeOf<Session<SignatureOf<typeof typed>>>().toExtend<Session>();
    expectTypeOf<Session>().not.toExtend<Session<SignatureOf<typeof typed>>>();
    expect(untyped).toBe(typed);
  });
});

describe('a session of which types know nothing', () => {
  it('takes any names, and gives what has to be looked at', async () => {
    const session: Session = await (await compile(untyped, { target: 'wasm' })).start({ threads: 1 });
    const { label } = await session.run('predict', { x: new Uint8Array(3) });
    expectTypeOf(label).toEqualTypeOf<Output | undefined>();
    await expect(session.run('nope', {})).rejects.toThrow('nope: no such entry');
    await expect(session.run('predict')).rejects.toThrow('predict reads this input: give an array');
    expectTypeOf(await session.read('scale')).toEqualTypeOf<Output>();
    session.dispose();
  });

  it('is that of a module whose function returns nothing, or nothing that was declared', () => {
    const nothing = defineModule('nothing', (m) => {
      m.entry('run', { y: m.input('x', { shape: [2] }).neg() });
    });
    const other = defineModule('other', (m) => {
      const x = m.input('x', { shape: [2] });
      m.entry('run', { y: x.neg() });
      return x.neg();
    });
    expectTypeOf(nothing).toEqualTypeOf<Module>();
    expectTypeOf(other).toEqualTypeOf<Module>();
    expect([nothing.name, other.name]).toEqual(['nothing', 'other']);
  });
});

describe('an entry that reads no input', () => {
  it('is called without, and takes none', async () => {
    const counting = defineModule('counting', (m) => {
      const count = m.state('count', { shape: [], dtype: 'u32' });
      const updates = [{ state: count, next: count.add(1) }];
      return [m.entry('tick', { count, updates }, { inputs: [] }), count];
    });
    const session = await (await compile(counting, { target: 'wasm' })).start({ threads: 1 });
    const { count } = await session.run('tick');
    expectTypeOf(count).toEqualTypeOf<Output<Uint32Array>>();
    expect((await session.read('count')).data).toEqual(Uint32Array.of(1));
    // @ts-expect-error there is no input
    await expect(session.run('tick', { x: [1] })).rejects.toThrow('x: no such input');
    session.dispose();
  });
});

describe('the inputs that an entry lists', () => {
  const refusal = (build: (m: ModuleBuilder) => unknown): string => {
    try {
      defineModule('listing', build);
    } catch (error) {
      return error instanceof Error ? error.message.replace(/ {2}at .*/, '') : String(error);
    }
    return 'nothing is refused';
  };

  it('have to be those that it reads', () => {
    const xy = (m: ModuleBuilder) => [m.input('x', { shape: [2] }), m.input('y', { shape: [2] })] as const;
    expect(
      refusal((m) => {
        const [x, y] = xy(m);
        m.entry('run', { z: x.add(y) }, { inputs: [x] });
      }),
    ).toBe('entry: "run": its inputs lack "y", which it reads');
    expect(
      refusal((m) => {
        const [x, y] = xy(m);
        m.entry('run', { z: x.neg() }, { inputs: [x, y] });
      }),
    ).toBe('entry: "run": its inputs list "y", which it does not read');
    expect(
      refusal((m) => {
        const [x] = xy(m);
        m.entry('run', { z: x.neg() }, { inputs: [x.neg()] });
      }),
    ).toMatch(/^entry: "run": its inputs must be inputs of this module, not %\d+ \(neg f32\[2\]\)$/);
    expect(
      refusal((m) => {
        const [x, y] = xy(m);
        const w = m.state('w', { shape: [2] });
        m.entry('run', { updates: [{ state: w, next: x.add(y) }] }, { inputs: [y, x] });
      }),
    ).toBe('nothing is refused');
  });
});

describe('a fit of a module of which types know', () => {
  /** A classifier that is validated by an entry of its own, and one whose outputs `sinter build` has written down. */
  const validated = defineModule('validated', (m) => {
    const batch = m.size('batch', { max: 4 });
    const x = m.input('x', { shape: [batch, 3] });
    const y = m.input('y', { shape: [batch], dtype: 'i32' });
    const logits = nn.dense(x, 2, { name: 'output' });
    const loss = nn.crossEntropy(logits, y);
    const accuracy = metrics.accuracy(logits, y);
    const updates = optim.sgd({ lr: 0.1 }).minimize(loss);
    return [
      x,
      y,
      m.entry('train', { loss, accuracy, updates }, { inputs: [x, y] }),
      m.entry('evaluate', { loss, share: accuracy }, { inputs: [x, y] }),
    ];
  });
  const data = { x: [1, 2, 3, 4, 5, 6], y: [0, 1] };

  it('knows the scalars of its epochs by name, and those of functions', async () => {
    const session = await (await compile(validated, { target: 'wasm' })).start({ threads: 1 });
    const history = await session.fit({
      data,
      validation: data,
      metrics: { doubled: ({ scalars, samples }) => (scalars.share ?? Number.NaN) * samples },
    });
    const [epoch] = history.epochs;
    expectTypeOf(epoch?.scalars).toEqualTypeOf<
      { readonly loss?: number; readonly accuracy?: number } | undefined
    >();
    expectTypeOf(epoch?.validation?.scalars).toEqualTypeOf<
      { readonly loss?: number; readonly share?: number; readonly doubled: number } | undefined
    >();
    const { scalars } = epoch?.validation ?? { scalars: undefined };
    expect(scalars?.doubled).toBe(2 * (scalars?.share ?? Number.NaN));
    // @ts-expect-error there is no such value
    expect(history.last?.scalars.recall).toBeUndefined();
    session.dispose();
  });

  it('shows callbacks the session as it is, with weights to save', async () => {
    const session = await (await compile(validated, { target: 'wasm' })).start({ threads: 1 });
    const seen: number[] = [];
    const saving: Callback<Session> = {
      onEpochEnd: async (_, run) => void seen.push((await run.session.saveWeights()).length),
    };
    const ending = async (_: unknown, run: FitRun<Session>): Promise<void> => {
      seen.push((await run.session.saveWeights()).length);
    };
    // A callback for any session serves too.
    const any: Callback = { onTrainEnd: (_, run) => void seen.push(run.session.program.state.length) };
    await session.fit({ data, callbacks: [saving, any, { onTrainEnd: ending }, callbacks.earlyStopping()] });
    const { length } = await session.saveWeights();
    expect(seen).toEqual([length, session.program.state.length, length]);
    const bare = async (session: RuntimeSession): Promise<void> => {
      // @ts-expect-error a runtime's session has no such method
      await trained(session, { data, callbacks: [{ onEpochEnd: (_, run) => run.session.saveWeights() }] });
    };
    expect(bare).toBeTypeOf('function');
    session.dispose();
  });

  it('knows which scalars are kept', async () => {
    const session = await (await compile(validated, { target: 'wasm' })).start({ threads: 1 });
    for await (const { scalars, validation } of session.fit({
      data,
      validation: data,
      metrics: ['accuracy', 'share'],
    })) {
      expectTypeOf(scalars).toEqualTypeOf<{ readonly accuracy?: number }>();
      expectTypeOf(validation?.scalars).toEqualTypeOf<{ readonly share?: number } | undefined>();
      expect([Object.keys(scalars), Object.keys(validation?.scalars ?? {})]).toEqual([
        ['accuracy'],
        ['share'],
      ]);
    }
    session.dispose();
  });

  it('refuses other names, and data that lack an input', () => {
    const refused = async (session: Session<SignatureOf<typeof validated>>): Promise<void> => {
      // @ts-expect-error there is no such scalar
      await session.fit({ data, metrics: ['recall'] });
      // @ts-expect-error evaluate reads y too
      await session.fit({ data, validation: { x: [1] } });
      // @ts-expect-error it reads y too
      await session.fit({ data: [{ x: [1, 2, 3] }] });
      // @ts-expect-error there is no such entry
      await session.fit({ data, entry: 'trian' });
      // @ts-expect-error a metric is a number
      await session.fit({ data, validation: data, metrics: { name: () => 'a' } });
      await session.fit({
        data,
        validation: data,
        // @ts-expect-error the entry has no such output
        metrics: { f: ({ outputs }) => outputs.confusion?.data[0] ?? 0 },
      });
    };
    expect(refused).toBeTypeOf('function');
  });

  it('knows what is returned within an object or a list of another', () => {
    const grouped = defineModule('grouped', (m) => {
      const x = m.input('x', { shape: [2] });
      const lr = m.param('lr', { initial: 1 });
      const layer = nn.dense(2);
      const run = m.entry('run', { y: x.mul(lr) }, { inputs: [x] });
      return { entries: { run }, others: [m.entry('isLess', { isLess: x.lt(lr) })], layer, x };
    });
    const refused = async (session: Session<SignatureOf<typeof grouped>>): Promise<void> => {
      expectTypeOf((await session.run('run', { x: [1, 2] })).y).toEqualTypeOf<Output<Float32Array>>();
      expectTypeOf((await session.run('isLess', { x: [1, 2] })).isLess).toEqualTypeOf<Output<Uint32Array>>();
      // @ts-expect-error there is no such entry
      await session.run('nope', {});
    };
    expect(refused).toBeTypeOf('function');
  });

  it('has to be told the entry where none is called train', () => {
    const refused = async (session: Session<SignatureOf<typeof listed>>): Promise<void> => {
      // @ts-expect-error which entry?
      await session.fit({ data: { x: [1, 2], y: [3, 4] } });
      await session.fit({ data: { x: [1, 2], y: [3, 4] }, entry: 'sum', validationEntry: 'isLess' });
    };
    expect(refused).toBeTypeOf('function');
  });

  it('has scalars for certain where it is known that outputs are', () => {
    type Built = {
      readonly entries: {
        readonly train: { readonly inputs: 'x'; readonly outputs: { readonly loss: Scalar } };
        readonly test: {
          readonly inputs: 'x';
          readonly outputs: { readonly loss: Scalar; readonly accuracy: Scalar; readonly labels: Labels };
        };
        readonly predict: { readonly inputs: 'x'; readonly outputs: { readonly labels: Labels } };
      };
      readonly inputs: { readonly x: 'f32' };
      readonly states: AnySignature['states'];
      readonly params: AnySignature['params'];
      readonly sizes: string;
    };
    type Scalar = { readonly dtype: 'f32'; readonly scalar: true };
    type Labels = { readonly dtype: 'i32'; readonly scalar: false };
    const typed = (session: Session<Built>) => {
      const found = session.fit({ data: { x: [1] }, validation: 0.5 }).history;
      expectTypeOf(found.last?.scalars).toEqualTypeOf<{ readonly loss: number } | undefined>();
      // The only other entry with a loss validates.
      expectTypeOf(found.best()?.validation?.scalars).toEqualTypeOf<
        { readonly loss: number; readonly accuracy: number } | undefined
      >();
      const alone = trained(session, { data: { x: [1] }, validation: 0.5, metrics: ['accuracy'] }).history;
      expectTypeOf(alone.last?.scalars).toEqualTypeOf<Record<never, never> | undefined>();
      expectTypeOf(alone.last?.validation?.scalars).toEqualTypeOf<
        { readonly accuracy: number } | undefined
      >();
      // @ts-expect-error labels are no scalar
      return session.fit({ data: { x: [1] }, metrics: ['labels'] });
    };
    expect(typed).toBeTypeOf('function');
  });

  it('takes and gives any names where nothing is known', () => {
    const typed = async (session: Session, options: FitOptions): Promise<void> => {
      const history = await session.fit({ data: { z: [1] }, metrics: ['any'], validationEntry: 'test' });
      expectTypeOf(history).toEqualTypeOf<History>();
      expectTypeOf(await session.fit(options)).toEqualTypeOf<History>();
      expectTypeOf(await trained(session, options)).toEqualTypeOf<History>();
      expectTypeOf(history.last?.scalars.any).toEqualTypeOf<number | undefined>();
    };
    expect(typed).toBeTypeOf('function');
  });
});

/** What is known of a module. */
type SignatureOf<M> = M extends Module<infer S> ? S : never;
