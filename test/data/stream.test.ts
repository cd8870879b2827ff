import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataStream, StreamError } from '../../src/data/index.ts';
import { permutation } from '../../src/runtime/random.ts';

/** 0, 1, 2, …, given one by one, with what happened to it. */
function counted(count: number, failsAt = Infinity) {
  const seen = { given: 0, closed: 0 };
  async function* source(): AsyncGenerator<number> {
    try {
      for (let k = 0; k < count; k++) {
        if (k === failsAt) throw new Error('the disk is gone');
        seen.given++;
        yield k;
      }
    } finally {
      seen.closed++;
    }
  }
  return { seen, stream: DataStream.from(source) };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

describe('a stream', () => {
  test('reads nothing until it is asked, and then no more than it is asked for', async () => {
    const { seen, stream } = counted(100);
    const made = stream
      .map((k) => k * 2)
      .filter((k) => k % 4 === 0)
      .take(3);
    expect(seen).toEqual({ given: 0, closed: 0 });
    expect(await made.toArray()).toEqual([0, 4, 8]);
    expect(seen).toEqual({ given: 5, closed: 1 });
  });

  test('is made of arrays, iterables at once and asynchronous, and functions of the epoch', async () => {
    expect(await DataStream.from([1, 2]).toArray()).toEqual([1, 2]);
    expect(await DataStream.from(new Set([1, 2])).toArray()).toEqual([1, 2]);
    expect(await DataStream.from((epoch) => [epoch, -epoch]).toArray(3)).toEqual([3, -3]);
    expect(await DataStream.from(new Blob(['ab']).stream()).toArray()).toEqual([new Uint8Array([97, 98])]);
  });

  test('closes its source when a loop is left, wherever that is', async () => {
    const { seen, stream } = counted(100);
    const operators: ((one: DataStream<number>) => DataStream<unknown>)[] = [
      (one) => one.map((k) => k),
      (one) => one.map(async (k) => k, { concurrency: 4 }),
      (one) => one.filter(() => true),
      (one) => one.skip(1),
      (one) => one.take(50),
      (one) => one.shuffle({ buffer: 10 }),
      (one) => one.prefetch(3),
      (one) => one.repeat(),
      (one) => one.split(0.5)[1],
      (one) => one.map((x) => ({ x })).batch(3),
    ];
    let read = 0;
    for (const operator of operators) {
      for await (const _ of operator(stream)) break;
      expect(seen.closed).toBe(++read);
    }
    const unread = stream.prefetch(2).elements(1);
    await unread.return();
    expect(seen.closed).toBe(read);
  });

  test('passes on what its source throws with the place, and the elements before it', async () => {
    for (const made of [
      counted(9, 5).stream,
      counted(9, 5).stream.prefetch(3),
      counted(9, 5).stream.map((k) => k, { concurrency: 3 }),
    ]) {
      const got: number[] = [];
      const reading = (async () => {
        for await (const element of made.elements(2)) got.push(element);
      })();
      await expect(reading).rejects.toMatchObject({
        name: 'StreamError',
        code: 'source',
        position: 5,
        epoch: 2,
        message: 'the source of a stream threw at element 5 of epoch 2: the disk is gone',
        cause: new Error('the disk is gone'),
      });
      expect(got).toEqual([0, 1, 2, 3, 4]);
    }
  });

  test('says which element a function threw at, and closes its source', async () => {
    const { seen, stream } = counted(9);
    const fail = (k: number): boolean => {
      if (k === 4) throw new RangeError('four');
      return true;
    };
    await expect(stream.skip(2).map(fail).toArray()).rejects.toMatchObject({ code: 'map', position: 2 });
    await expect(stream.filter(fail).toArray()).rejects.toMatchObject({ code: 'filter', position: 4 });
    await expect(stream.map(fail, { concurrency: 3 }).toArray()).rejects.toBeInstanceOf(StreamError);
    expect(seen.closed).toBe(3);
  });

  test('leaves errors of a consumer as they are', async () => {
    const { seen, stream } = counted(9);
    const reading = async (): Promise<void> => {
      for await (const _ of stream.prefetch(2)) throw new Error('mine');
    };
    await expect(reading()).rejects.toThrow(new Error('mine'));
    expect(seen.closed).toBe(1);
  });

  test('of a generator is read once, and says what to give instead', async () => {
    const once = DataStream.from(numbers(3).values());
    expect(await once.toArray()).toEqual([0, 1, 2]);
    await expect(once.toArray()).rejects.toMatchObject({
      code: 'missing',
      message: 'source: a generator is read once: give the function that makes it',
    });
  });

  test('may be empty', async () => {
    const empty = DataStream.from<number>([]);
    const all = [empty.shuffle(), empty.repeat(), empty.prefetch(), empty.take(1), ...empty.split(0.5)];
    for (const stream of [
      ...all,
      empty.map((x) => ({ x })).batch(2),
      DataStream.rows({ x: new Uint8Array() }, 0),
    ])
      expect(await stream.toArray()).toEqual([]);
  });

  test('refuses what makes no sense where it is declared', () => {
    const stream = DataStream.from(counted(3).stream);
    expect(() => stream.take(-1)).toThrow('count: expected a whole number from 0 on, found -1');
    expect(() => stream.shuffle()).toThrow('buffer: say how many elements of a stream to keep');
    expect(() => stream.shuffle({ buffer: 1.5 })).toThrow('buffer: expected a whole number from 1 on');
    expect(() => stream.split(1)).toThrow('fraction: expected a number between 0 and 1, found 1');
    expect(() => stream.map((x) => ({ x })).batch(0)).toThrow('size: expected a whole number from 1 on');
    expect(() => DataStream.rows({ x: new Float32Array(5) }, 2)).toThrow(
      'x: expected a multiple of 2 elements',
    );
    // @ts-expect-error: an option that there is not
    expect(() => stream.shuffle({ bufer: 3 })).toThrow('bufer: no such option');
    // @ts-expect-error: an option that there is not
    expect(() => stream.map((x) => x, { parallel: 3 })).toThrow('there are concurrency');
    // @ts-expect-error: an option that there is not
    expect(() => stream.split(0.5, { sed: 1 })).toThrow('sed: no such option');
    // @ts-expect-error: an option that there is not
    expect(() => stream.map((x) => ({ x })).batch(1, { last: false })).toThrow('there are partial');
    // @ts-expect-error: a number is not iterated
    expect(() => DataStream.from(3)).toThrow('source: expected something to iterate');
  });
});

describe('map', () => {
  test('has some calls in flight, as many as it is told, and gives results in order', async () => {
    const { stream } = counted(20);
    const gates: (() => void)[] = [];
    let [flying, most] = [0, 0];
    const slow = async (k: number): Promise<number> => {
      most = Math.max(most, ++flying);
      await new Promise<void>((open) => gates.push(open));
      flying--;
      return k;
    };
    const reading = stream.map(slow, { concurrency: 4 }).toArray();
    // The last of those that wait goes on first.
    for (let turns = 0; turns < 6000; turns++) {
      await Promise.resolve();
      if (turns % 200 === 199) gates.pop()?.();
    }
    expect(await reading).toEqual(numbers(20));
    expect(most).toBe(4);
  });

  test('without that waits for each', async () => {
    let flying = 0;
    const one = async (k: number): Promise<number> => {
      expect(++flying).toBe(1);
      await Promise.resolve();
      flying--;
      return k;
    };
    expect(await counted(5).stream.map(one).toArray()).toEqual(numbers(5));
  });
});

test('prefetch asks for as many as it is told, and no more', async () => {
  const { seen, stream } = counted(100);
  const reading = stream.prefetch(3).elements(1);
  await reading.next();
  for (let turns = 0; turns < 100; turns++) await Promise.resolve();
  expect(seen.given).toBe(4);
  await reading.return();
  expect(seen.closed).toBe(1);
});

test('what runs ahead of a source that ends asks for no more, however much it may', async () => {
  const { seen, stream } = counted(2);
  expect(await stream.prefetch(2 ** 20).toArray()).toEqual([0, 1]);
  expect(await stream.map((k) => k, { concurrency: 2 ** 20 }).toArray()).toEqual([0, 1]);
  expect(seen).toEqual({ given: 4, closed: 2 });
  expect(() => stream.prefetch(2 ** 32)).toThrow(
    'count: expected a whole number from 1 to 1048576, found 4294967296',
  );
  expect(() => stream.map((k) => k, { concurrency: 1e9 })).toThrow('concurrency: expected a whole number');
});

describe('shuffle', () => {
  test('gives each element once, in an order of seed and epoch alone', async () => {
    const cases = fc.record({
      count: fc.integer({ min: 0, max: 60 }),
      buffer: fc.integer({ min: 1, max: 70 }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      epoch: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ count, buffer, seed, epoch }) => {
        const stream = counted(count).stream.shuffle({ buffer, seed });
        const order = await stream.toArray(epoch);
        expect(await stream.toArray(epoch)).toEqual(order);
        expect([...order].sort((a, b) => a - b)).toEqual(numbers(count));
        // An element waits in the buffer, and is not drawn before it is there.
        for (const [place, element] of order.entries()) expect(element).toBeLessThan(place + buffer + 1);
      }),
      { numRuns: 50 },
    );
  });

  test('has another order in another epoch, with another seed, and in each pass of repeat', async () => {
    for (const source of [DataStream.from(numbers(50)), counted(50).stream]) {
      const stream = source.shuffle({ buffer: 50, seed: 1 });
      const [first, second] = [await stream.toArray(1), await stream.toArray(2)];
      expect(first).not.toEqual(numbers(50));
      expect(second).not.toEqual(first);
      expect(await source.shuffle({ buffer: 50, seed: 2 }).toArray()).not.toEqual(first);
      expect(await stream.repeat(2).toArray()).toEqual([...first, ...second]);
      const [third, fourth] = [await stream.toArray(3), await stream.toArray(4)];
      expect(await stream.repeat(2).toArray(2)).toEqual([...third, ...fourth]);
    }
  });

  test('keeps small samples by their values, and what is unlike the first one itself', async () => {
    class Tagged extends Float32Array {}
    const row = (fill = 0): Float32Array => new Float32Array(1000).fill(fill);
    const others: readonly unknown[] = [
      { x: new Tagged(1000), y: 1 },
      { x: Buffer.alloc(1000), y: 1 },
      { x: row().subarray(1), y: 1 },
      { x: row(), y: 'one' },
      { x: row() },
      { x: row(), y: 1, [Symbol.for('note')]: 1 },
      Object.assign(Object.create({ x: row() }), { y: 1 }),
      row(),
      undefined,
    ];
    const samples = numbers(150).map((k) => ({ x: row(k).fill(-0, 0, k).fill(Number.NaN, 999), y: k / 7 }));
    const small = { x: row(), y: -0 };
    for (const first of [small, { x: new Float32Array(2000), y: 0 }, row(), {}]) {
      const all: readonly unknown[] = [first, ...samples.slice(0, 80), ...others, ...samples.slice(80)];
      for (const buffer of [7, 1000]) {
        const mixed = await DataStream.from(() => all.values())
          .shuffle({ buffer })
          .toArray();
        const order = await DataStream.from(() => all.keys())
          .shuffle({ buffer })
          .toArray();
        expect(mixed).toStrictEqual(order.map((k) => all[k]));
        for (const other of others) expect(mixed).toContain(other);
        // The first one says which samples are kept by their values.
        expect(mixed.includes(samples[0])).toBe(first !== small);
      }
    }
  });

  test('gives samples that later ones do not write over', async () => {
    const source = DataStream.from(() => numbers(20).map((k) => ({ x: new Uint8Array([k, k]), y: k })));
    for await (const { x, y } of source.shuffle({ buffer: 3 })) {
      expect([...x]).toEqual([y, y]);
      x.fill(255);
    }
  });

  test('of what is there by number is that of a session', async () => {
    const stream = DataStream.from(numbers(40)).shuffle({ seed: 7 });
    expect(await stream.toArray(3)).toEqual([...permutation(7, 2, 40)]);
  });

  test('by a buffer of all is fair: each element is as often first', async () => {
    const firsts = new Map<number, number>();
    const stream = counted(4).stream.shuffle({ buffer: 4, seed: 3 });
    for (let epoch = 1; epoch <= 400; epoch++) {
      const [first = -1] = await stream.toArray(epoch);
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    // Four standard deviations of a binomial of 400 and a quarter.
    for (const times of firsts.values()) expect(Math.abs(times - 100)).toBeLessThan(35);
    expect(firsts.size).toBe(4);
  });
});

describe('split', () => {
  test('gives each element to one part, and as many to each as was asked', async () => {
    const cases = fc.record({
      count: fc.integer({ min: 0, max: 200 }),
      fraction: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      seed: fc.integer({ min: 0, max: 1000 }),
      byNumber: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ count, fraction, seed, byNumber }) => {
        const source = byNumber ? DataStream.from(numbers(count)) : counted(count).stream;
        const [train, held] = source.split(fraction, { seed });
        const [a, b] = [await train.toArray(), await held.toArray(2)];
        expect([...a, ...b].sort((x, y) => x - y)).toEqual(numbers(count));
        expect(Math.abs(b.length - count * fraction)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 100 },
    );
  });

  test('falls on no period of the data', async () => {
    const [, held] = DataStream.from(numbers(1000)).split(0.1);
    const classes = new Set((await held.toArray()).map((k) => k % 10));
    expect(classes.size).toBe(10);
  });

  test('after shuffle or repeat is refused: elements would change parts', () => {
    const { stream } = counted(9);
    expect(() => stream.shuffle({ buffer: 3 }).map(String).split(0.5)).toThrow(
      'split before shuffle, not after',
    );
    expect(() => DataStream.from([1]).shuffle().take(1).split(0.5)).toThrow(
      'split before shuffle, not after',
    );
    expect(() => stream.repeat(2).split(0.5)).toThrow('split before repeat, not after');
    expect(() => DataStream.from((epoch) => [epoch, 1]).split(0.5)).toThrow('its source is told the epoch');
  });
});

test('a stream knows how many elements it has as long as nothing depends on them', () => {
  const ten = DataStream.numbered(10, (x) => ({ x }));
  const mapped = ten.map((row) => row);
  const counts: readonly (readonly [DataStream<unknown>, number | undefined])[] = [
    [mapped, 10],
    [mapped.map((row) => row, { concurrency: 2 }).prefetch(), 10],
    [mapped.batch(3), 4],
    [mapped.batch(3, { partial: false }), 3],
    [mapped.shuffle({ buffer: 2 }).take(7).skip(3), 4],
    [mapped.skip(20), 0],
    [ten.repeat(3), 30],
    [ten.repeat(), undefined],
    [ten.filter(() => true), undefined],
    [mapped.split(0.5)[0], undefined],
    [DataStream.zip({ a: ten, b: mapped }), 10],
    [DataStream.zip({ a: ten, b: ten.take(3) }), undefined],
    [counted(5).stream, undefined],
  ];
  for (const [stream, count] of counts) expect(stream.count).toBe(count);
});

test('take, skip and repeat cut and join, of arrays and of sources', async () => {
  for (const source of [DataStream.from(numbers(5)), counted(5).stream]) {
    expect(await source.skip(1).take(3).toArray()).toEqual([1, 2, 3]);
    expect(await source.skip(9).toArray()).toEqual([]);
    expect(await source.take(0).toArray()).toEqual([]);
    expect(await source.take(2).repeat(2).toArray()).toEqual([0, 1, 0, 1]);
    expect(await source.repeat().skip(3).take(4).toArray()).toEqual([3, 4, 0, 1]);
    expect(await source.repeat(0).toArray()).toEqual([]);
  }
  expect(DataStream.from(numbers(5)).skip(2).take(9).count).toBe(3);
  expect(counted(5).stream.count).toBeUndefined();
});
