import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile, defineModule } from '../../src/index.ts';
import type { Session, Values } from '../../src/runtime/index.ts';
import { linearData } from './linearModel.ts';
import { collect, type Machine, targets } from './targets.ts';

/** A way in which a caller may hold numbers; `spoil` is what the caller does with them right after the call. */
interface Holder {
  readonly name: string;
  readonly hold: (values: readonly number[], bytes: boolean) => { values: Values; spoil: () => void };
  /** Whether the caller makes a list longer or shorter: a call that waits for its turn refuses it then. */
  readonly isList?: true;
}

function over(buffer: ArrayBufferLike, values: readonly number[], bytes: boolean): Uint8Array | Float32Array {
  const array = bytes ? new Uint8Array(buffer) : new Float32Array(buffer);
  array.set(values);
  return array;
}

const sizeOf = (values: readonly number[], bytes: boolean): number => values.length * (bytes ? 1 : 4);

const holders: readonly Holder[] = [
  {
    name: 'a plain array that grows',
    isList: true,
    hold(given) {
      const values = [...given];
      return { values, spoil: () => values.fill(7).push(...Array.from({ length: 400 }, () => 7)) };
    },
  },
  {
    name: 'a plain array that shrinks',
    isList: true,
    hold(given) {
      const values = [...given];
      return {
        values,
        spoil: () => {
          values.length = 1;
        },
      };
    },
  },
  {
    name: 'a typed array of another type',
    hold(given) {
      const values = Float64Array.from(given);
      return { values, spoil: () => values.fill(7) };
    },
  },
  {
    name: 'a typed array that is used again',
    hold(given, bytes) {
      const values = over(new ArrayBuffer(sizeOf(given, bytes)), given, bytes);
      return { values, spoil: () => values.fill(7) };
    },
  },
  {
    name: 'a typed array whose memory is transferred',
    hold(given, bytes) {
      const values = over(new ArrayBuffer(sizeOf(given, bytes)), given, bytes);
      return { values, spoil: () => structuredClone(values.buffer, { transfer: [values.buffer] }) };
    },
  },
  {
    name: 'a typed array whose memory is resized',
    hold(given, bytes) {
      const size = sizeOf(given, bytes);
      const buffer = new ArrayBuffer(size, { maxByteLength: 4 * size });
      return { values: over(buffer, given, bytes), spoil: () => buffer.resize(0) };
    },
  },
  {
    name: 'a typed array over memory that threads share',
    hold(given, bytes) {
      const values = over(new SharedArrayBuffer(sizeOf(given, bytes)), given, bytes);
      return { values, spoil: () => values.fill(7) };
    },
  },
];

/** Typed arrays that nobody touches. */
const typed: Holder['hold'] = (values) => ({ values: Float64Array.from(values), spoil: () => {} });

const w = [0.5, -0.25, 1];
const x = [...linearData(5).x];
const y = [...linearData(5).y];

for (const target of targets.filter(({ name }) => !/[23]/.test(name)))
  describe(`on ${target.name} a call takes what it is given at the call`, () => {
    let machine: Machine;
    const sessions: Session[] = [];
    beforeAll(async () => {
      machine = await target.prepare();
    });
    afterAll(() => {
      for (const session of sessions) session.dispose();
      machine.close();
    });
    const open = async (): Promise<Session> => {
      const session = await machine.start({ initial: { w, b: [2] } });
      sessions.push(session);
      return session;
    };

    /** What every call gives and leaves, where `after` happens right after each. */
    const results = async (
      session: Session,
      hold: Holder['hold'],
      after: (spoil: () => void) => void,
      isRefused = false,
    ): Promise<unknown> => {
      const taken: unknown[] = [];
      const call = async <T>(start: () => Promise<T>, ...spoils: readonly (() => void)[]): Promise<T> => {
        // The call waits for this one: it may not read when its turn comes.
        const busy = session.read('b');
        const running = start();
        for (const spoil of spoils) after(spoil);
        await busy;
        return running;
      };
      const states = hold(w, false);
      await call(() => session.write('w', states.values), states.spoil);
      taken.push(await session.read('w'));

      const predicted = (hold: Holder['hold']): Promise<unknown> => {
        const rows = hold(x, true);
        const inputs: Record<string, Values> = { x: rows.values };
        return call(
          () => session.run('predict', inputs),
          rows.spoil,
          () => {
            inputs.x = [1, 1, 1];
          },
        );
      };
      const trained = (hold: Holder['hold']): Promise<unknown> => {
        const [a, b] = [hold(x, true), hold(y, false)];
        const options = { params: { lr: 0.01 }, sizes: { batch: 5 } };
        return call(
          () => session.run('train', { x: a.values, y: b.values }, options),
          a.spoil,
          b.spoil,
          () => {
            options.params.lr = 5;
            options.sizes.batch = 1;
          },
        );
      };
      for (const run of [predicted, trained]) {
        if (isRefused)
          await expect(run(hold)).rejects.toMatchObject({ name: 'InputError', code: 'length', input: 'x' });
        // A call that was refused has done nothing.
        taken.push(await run(isRefused ? typed : hold));
      }
      const [c, d] = [hold(x, true), hold(y, false)];
      const data = await call(() => session.dataset({ x: c.values, y: d.values }), c.spoil, d.spoil);
      taken.push(await session.evaluate('predict', { data }));
      const e = hold(x, true);
      const evaluation = { data: { x: e.values }, sizes: { batch: 3 } };
      taken.push(
        await call(
          () => session.evaluate('predict', evaluation),
          e.spoil,
          () => {
            evaluation.sizes.batch = 99;
          },
        ),
      );
      const saved = await session.save();
      await collect(session.train({ data }));
      const bytes = over(new ArrayBuffer(saved.length), [...saved], true);
      if (!(bytes instanceof Uint8Array)) throw new Error('bytes are bytes');
      await call(
        () => session.load(bytes),
        () => bytes.fill(7),
      );
      taken.push(await session.read('w'), await session.read('b'));
      return taken;
    };

    test.each(holders)('out of $name', async ({ hold, isList }) => {
      const left = await results(await open(), hold, () => {});
      const spoilt = await results(await open(), hold, (spoil) => spoil(), isList);
      expect(spoilt).toEqual(left);
    });

    test('first values too, which a start takes before it waits for anything', async () => {
      for (const { hold } of holders) {
        const { values, spoil } = hold(w, false);
        const initial: Record<string, Values> = { w: values };
        const starting = machine.start({ initial, seed: 3 });
        spoil();
        delete initial.w;
        const session = await starting;
        expect([...(await session.read('w')).data]).toEqual(w);
        session.dispose();
      }
    });

    test('saved bytes out of memory that threads share, or that can be resized', async () => {
      const session = await open();
      const saved = await session.save();
      for (const buffer of [
        new SharedArrayBuffer(saved.length + 3),
        new ArrayBuffer(saved.length + 3, { maxByteLength: 9999 }),
      ]) {
        const bytes = new Uint8Array(buffer, 3, saved.length);
        bytes.set(saved);
        await session.write('w', [9, 9, 9]);
        await session.load(bytes);
        expect([...(await session.read('w')).data]).toEqual(w);
      }
    });

    test('what a getter says is asked once', async () => {
      const session = await open();
      const asked = new Map<string, number>();
      const once = <T extends object>(values: T): T =>
        new Proxy(values, {
          get(target, name, receiver) {
            asked.set(String(name), (asked.get(String(name)) ?? 0) + 1);
            return Reflect.get(target, name, receiver);
          },
        });
      const inputs = once({ x: Uint8Array.from(x), y: Int32Array.from(y) });
      const options = once({ params: once({ lr: 0.01 }), sizes: once({ batch: 5 }) });
      await session.run('train', inputs, options);
      const data = await session.dataset(once({ x: Uint8Array.from(x), y: Int32Array.from(y) }));
      await collect(session.train(once({ data, epochs: 2, shuffle: true })));
      expect(Object.fromEntries(asked)).toEqual({
        x: 2,
        y: 2,
        params: 1,
        lr: 1,
        sizes: 1,
        batch: 1,
        data: 1,
        epochs: 1,
        shuffle: 1,
      });
    });
  });

test('compiled programs take first values before they open anything', async () => {
  const module = defineModule('m', (m) => {
    const state = m.state('w', { shape: [3] });
    m.entry('sum', { sum: state.sum() });
  });
  const compiled = await compile(module, { target: 'wasm' });
  const values = Float32Array.from(w);
  const starting = compiled.start({ initial: { w: values }, threads: 1 });
  values.fill(7);
  const session = await starting;
  expect([...(await session.read('w')).data]).toEqual(w);
  session.dispose();
});

test('datasets are taken piece by piece: what lies where pieces meet is right too', async () => {
  const wasm = targets.find(({ name }) => name.includes('one thread'));
  const machine = await wasm?.prepare();
  const session = await machine?.start({ initial: { w: [1, 0, 0], b: [0] } });
  // Rows of three bytes straddle the pieces.
  const rows = 180_000;
  const bytes = Uint8Array.from({ length: 3 * rows }, (_, k) => (k * 31 + (k >> 8)) % 251);
  const expected = Float32Array.from({ length: rows }, (_, r) => bytes[3 * r] ?? 0);
  for (const given of [bytes, Array.from(bytes)]) {
    const result = await session?.evaluate('predict', { data: { x: given } });
    expect(Buffer.compare(bufferOf(result?.outputs.value?.data), bufferOf(expected))).toBe(0);
  }
  session?.dispose();
});

function bufferOf(data: ArrayBufferView | undefined): Buffer {
  return data === undefined ? Buffer.alloc(0) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
