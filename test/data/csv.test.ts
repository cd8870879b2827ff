import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesSource, type CsvOptions, readCsv, streamCsv } from '../../src/data/index.ts';
import { FormatError, InputError } from '../../src/runtime/index.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The values of a file of texts without a header, by rows of so many fields. */
function texts(file: string, width: number): string[][] {
  const columns = Object.fromEntries(Array.from({ length: width }, (_, k) => [`${k}`, 'text' as const]));
  const table = readCsv(file, { header: false, columns });
  return Array.from({ length: table.rows }, (_, row) => table.columns.map(({ values }) => `${values[row]}`));
}

describe('RFC 4180', () => {
  test.each<[string, string, string[][]]>([
    [
      '1: records on lines of their own, ended by CRLF',
      'aaa,bbb\r\nzzz,yyy\r\n',
      [
        ['aaa', 'bbb'],
        ['zzz', 'yyy'],
      ],
    ],
    [
      '2: the last without an end',
      'aaa,bbb\r\nzzz,yyy',
      [
        ['aaa', 'bbb'],
        ['zzz', 'yyy'],
      ],
    ],
    ['4: spaces are of the field', ' a , b\r\n', [[' a ', ' b']]],
    ['5: fields in quotes', '"aaa","bbb",ccc\r\n', [['aaa', 'bbb', 'ccc']]],
    ['6: with line breaks and commas in quotes', 'aaa,"b\r\nb,b",ccc\r\n', [['aaa', 'b\r\nb,b', 'ccc']]],
    ['7: a quote in quotes is written twice', '"a""a","""",""\r\n', [['a"a', '"', '']]],
    [
      'lines that end with LF or CR',
      'a,b\nc,d\re,f',
      [
        ['a', 'b'],
        ['c', 'd'],
        ['e', 'f'],
      ],
    ],
    [
      'empty fields, and empty lines between records',
      'a,\n\n\r\n,b\n',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
  ])('%s', (_, file, rows) => {
    expect(texts(file, rows[0]?.length ?? 0)).toEqual(rows);
  });

  test('3: the first record may be a header', () => {
    const table = readCsv('field_name,other\r\n1,2\r\n');
    expect(table.columns.map(({ name }) => name)).toEqual(['field_name', 'other']);
    expect(table.rows).toBe(1);
  });

  test('whatever is written is read, with any delimiter, in any pieces', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', ';', '"', '\n', '\r', '\t', ' ', 'ä', '😀') });
    const cases = fc.record({
      rows: fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 5 }),
      delimiter: fc.constantFrom(',', ';', '\t'),
      piece: fc.integer({ min: 1, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, delimiter, piece }) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const file = rows.map((row) => row.map(quoted).join(delimiter)).join('\r\n');
        const columns = { a: 'text', b: 'text', c: 'text' } as const;
        const options = { names: ['a', 'b', 'c'], delimiter, columns };
        const table = readCsv(file, options);
        const read = Array.from({ length: table.rows }, (_, row) =>
          table.columns.map(({ values }) => values[row]),
        );
        expect(read).toEqual(rows);
        const bytes = utf8(file);
        const pieces = async function* (): AsyncGenerator<Uint8Array> {
          for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
        };
        const streamed = await streamCsv({ name: 'x', pieces }, options).toArray();
        expect(streamed.map(({ a, b, c }) => [a, b, c])).toEqual(rows);
      }),
      { numRuns: 100 },
    );
  });
});

const flowers = 'width,height,species,red\n0.5,2,setosa,true\n1e1,-3,virginica,false\n.25,4,setosa,false\n';

describe('a table', () => {
  test('has columns of what all their values are', () => {
    const { columns } = readCsv(flowers);
    expect(columns).toEqual([
      { name: 'width', type: 'number', values: Float64Array.of(0.5, 10, 0.25), present: undefined },
      { name: 'height', type: 'integer', values: Int32Array.of(2, -3, 4), present: undefined },
      {
        name: 'species',
        type: 'category',
        values: Int32Array.of(0, 1, 0),
        categories: ['setosa', 'virginica'],
        present: undefined,
      },
      { name: 'red', type: 'boolean', values: Uint8Array.of(1, 0, 0), present: undefined },
    ]);
  });

  test('gives arrays for inputs, rows first', () => {
    const { x, y, z } = readCsv(flowers).arrays({ x: ['width', 'height'], y: 'species', z: 'width' });
    expect(x).toEqual(Float32Array.of(0.5, 2, 10, -3, 0.25, 4));
    expect(y).toEqual(Int32Array.of(0, 1, 0));
    expect(z).toEqual(Float32Array.of(0.5, 10, 0.25));
  });

  test('is read by types, names and categories that are given', () => {
    const table = readCsv(flowers, {
      names: ['w', 'h', 's', 'r'],
      header: true,
      columns: {
        w: 'skip',
        h: 'number',
        s: { categories: ['virginica', 'setosa'] },
        r: { type: 'text' },
      },
    });
    expect(table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'h number',
      's category',
      'r text',
    ]);
    expect(table.arrays({ y: 's' }).y).toEqual(Int32Array.of(1, 0, 1));
    expect(table.column('r').values).toEqual(['true', 'false', 'false']);
    expect(() => table.column('w')).toThrow('w: no such column; there are h, s, r');
    expect(() => table.arrays({ x: 'r' })).toThrow(
      "r: a column of texts makes no array: read it as 'category', with columns: { r: 'category' }",
    );
  });

  test('may be packed by gzip, be of another encoding, and begin with a mark of its bytes', () => {
    expect(readCsv(new Uint8Array(gzipSync(flowers))).rows).toBe(3);
    expect(readCsv(utf8('\ufeffa\n1\n')).columns[0]?.name).toBe('a');
    const latin = readCsv(Uint8Array.of(97, 10, 228, 10), { encoding: 'latin1' });
    expect(latin.columns[0]).toMatchObject({ categories: ['ä'] });
  });

  test('of a header alone has no rows', () => {
    expect(readCsv('a,b\n')).toMatchObject({ rows: 0, columns: [{ name: 'a' }, { name: 'b' }] });
  });
});

test('integers that float64 holds are read, however long, and texts may be numbers in part', () => {
  const { columns } = readCsv('a,b\n9007199254740992,1\n+100000000000000000000,x\n-0,y\n', {
    columns: { a: 'number' },
  });
  expect(columns[0]?.values).toEqual(Float64Array.of(2 ** 53, 1e20, -0));
  expect(columns[1]).toMatchObject({ type: 'category', categories: ['1', 'x', 'y'] });
});

describe('a missing value', () => {
  const gaps = 'a,b,c\n1,x,2\nNA,y,\n3,,4\n';

  test('is refused, with its place', () => {
    expect(() => readCsv(gaps, { name: 'gaps.csv' })).toThrow(
      /^gaps\.csv, line 3, column a: expected a value \(missing: .*\), found "NA"$/,
    );
  });

  test('drops its row', () => {
    const { rows, columns } = readCsv(gaps, { missing: 'drop' });
    expect([rows, ...columns.map(({ values }) => [...values])]).toEqual([1, [1], [0], [2]]);
    expect(columns[1]).toMatchObject({ categories: ['x'] });
  });

  test('is masked: 0, and said to be missing', () => {
    const table = readCsv(gaps, { missing: 'mask' });
    const { x, mask } = table.arrays({ x: ['a', 'c'], mask: { present: ['a', 'c'] } });
    expect(x).toEqual(Float32Array.of(1, 2, 0, 0, 3, 4));
    expect(mask).toEqual(Uint8Array.of(1, 1, 0, 0, 1, 1));
    expect(table.arrays({ m: { present: 'b' } }).m).toEqual(Uint8Array.of(1, 1, 0));
    expect(() => readCsv('a\n1\n').arrays({ m: { present: 'a' } })).toThrow("read it with missing: 'mask'");
  });

  test('is filled, by column', () => {
    const columns = {
      a: { missing: { fill: -1 } },
      b: { missing: { fill: 'z' } },
      c: { missing: { fill: 0.5 } },
    };
    const table = readCsv(gaps, { columns: { ...columns, c: { ...columns.c, type: 'number' } } });
    expect(table.columns.map(({ values }) => [...values])).toEqual([
      [1, -1, 3],
      [0, 1, 2],
      [2, 0.5, 4],
    ]);
    expect(table.column('b')).toMatchObject({ categories: ['x', 'y', 'z'] });
    expect(() => readCsv(gaps, { columns: { ...columns, a: { missing: { fill: 'none' } } } })).toThrow(
      'a: missing values are filled with "none", which is no integer',
    );
  });

  test('is written as is said', () => {
    const { columns } = readCsv('a\n1\n?\n', { missingTexts: ['?'], missing: { fill: 7 } });
    expect(columns[0]?.values).toEqual(Int32Array.of(1, 7));
  });

  test('of a text is an empty text', () => {
    expect(readCsv('a,b\n,1\nx,2\n', { columns: { a: 'text' } }).column('a').values).toEqual(['', 'x']);
  });
});

describe('a file that is wrong says where', () => {
  test.each<[string, string, CsvOptions, string]>([
    ['a record too short', 'a,b\n1,2\n3\n', {}, 'x.csv, line 3: expected 2 fields, found 1'],
    ['a record too long', 'a,b\n"1\n",2\n3,4,5\n', {}, 'x.csv, line 4: expected 2 fields, found 3'],
    ['a quote in a field', 'a,b\n1,2"\n', {}, 'x.csv, line 2, field 2: expected no quote within a field'],
    [
      'text behind a quote',
      'a,b\n"1"2,3\n',
      {},
      'x.csv, line 2, field 1: expected "\\"", a delimiter or the end of the line',
    ],
    [
      'an open quote',
      'a\n1\n"2\n3\n',
      {},
      'x.csv, line 3: expected a closing quote, found none before the end',
    ],
    [
      'two columns of one name',
      'a,b,a\n',
      {},
      'x.csv, line 1: expected columns of different names, found two of "a"',
    ],
    ['no record', '\n\n', {}, 'x.csv: expected a record at least, found 2 bytes without one'],
    [
      'too few names',
      'a,b\n',
      { names: ['a'] },
      'x.csv, line 1: expected 1 fields, as names are given, found 2',
    ],
    [
      'no number',
      'a\n1\nb\n',
      { columns: { a: 'number' } },
      'line 3, column a: expected a number, found "b"',
    ],
    [
      'a text among numbers, whose type was not given',
      'a,b\n1,2\n2,x\n3,4\n10,5\n',
      {},
      'x.csv, line 3, column b: expected a number, as 3 of 4 values are (columns: { b: \'category\' } says otherwise), found "x"',
    ],
    [
      'an integer that float64 rounds',
      'a\n1\n9007199254740993\n',
      {},
      'line 3, column a: expected a number that float64 holds, as in the rows before (columns: { a: … } says otherwise), found "9007199254740993"',
    ],
    [
      'a number that float64 makes infinite',
      'a\n-1e999\n',
      { columns: { a: 'number' } },
      'line 2, column a: expected a number that float64 holds, found "-1e999"',
    ],
    [
      'hexadecimal',
      'a\n0x10\n',
      { columns: { a: 'number' } },
      'line 2, column a: expected a number, found "0x10"',
    ],
    [
      'no integer',
      'a\n2147483648\n',
      { columns: { a: 'integer' } },
      'expected an integer of 32 bits, found "2147483648"',
    ],
    [
      'no category',
      'a\nz\n',
      { columns: { a: { categories: ['x', 'y'] } } },
      'expected one of x, y, found "z"',
    ],
  ])('%s', (_, file, options, message) => {
    expect(() => readCsv(file, { name: 'x.csv', ...options })).toThrow(FormatError);
    expect(() => readCsv(file, { name: 'x.csv', ...options })).toThrow(message);
  });

  test('bytes of another encoding', () => {
    expect(() => readCsv(Uint8Array.of(97, 10, 228, 10))).toThrow(
      'expected text in utf-8, found something else',
    );
  });

  test('options that cannot be', () => {
    const wrong: readonly (readonly [CsvOptions, string | RegExp])[] = [
      [{ delimiter: ',,' }, 'delimiter: expected one character'],
      [{ delimiter: '"' }, 'quote: it is the delimiter too'],
      [{ columns: { b: 'number' } }, 'b: no such column; there are a'],
      [{ columns: { a: { categories: ['x', 'x'] } } }, 'a: a category is given twice'],
      [
        { columns: { a: { categories: ['x'], type: 'number' } } },
        'a: categories are given, and the type number',
      ],
      [{ encoding: 'klingon' }, 'encoding: expected a name of an encoding, found "klingon"'],
      // As callers without types may give them.
      [
        JSON.parse('{ "delimeter": ";" }'),
        // Where the door of the package is loaded too, it says what may have been meant.
        /^delimeter: no such option( \(did you mean "delimiter"\?\))?; there are name, maxBytes, delimiter, quote, encoding, header/,
      ],
      [
        JSON.parse('{ "columns": { "a": { "tpye": "text" } } }'),
        /tpye: no such option( \(did you mean "type"\?\))?; there are type, categories, missing/,
      ],
      [
        JSON.parse('{ "missing": "guess" }'),
        'missing: expected refuse, drop, mask or { fill }, found "guess"',
      ],
      [
        JSON.parse('{ "columns": { "a": "float" } }'),
        'a: expected number, integer, boolean, category, text, skip, found "float"',
      ],
    ];
    for (const [options, message] of wrong) {
      expect(() => readCsv('a\n1\n', options)).toThrow(InputError);
      expect(() => readCsv('a\n1\n', options)).toThrow(message);
    }
  });
});

describe('a file that is streamed', () => {
  const source = bytesSource(utf8(flowers), 'flowers.csv');

  test('gives rows by name, and as samples, which make batches', async () => {
    const columns = { species: { categories: ['setosa', 'virginica'] } };
    expect(await streamCsv(source, { columns }).take(1).toArray()).toEqual([
      { width: 0.5, height: 2, species: 0, red: 1 },
    ]);
    const samples = streamCsv(source, { columns }, { x: ['width', 'height'], y: 'species' });
    expect(await samples.batch(2).toArray()).toEqual([
      { x: Float32Array.of(0.5, 2, 10, -3), y: Int32Array.of(0, 1) },
      { x: Float32Array.of(0.25, 4), y: Int32Array.of(0) },
    ]);
  });

  test('has texts where they are no numbers, and asks for categories', async () => {
    expect((await streamCsv(source).toArray()).map(({ species }) => species)).toEqual([
      'setosa',
      'virginica',
      'setosa',
    ]);
    const reading = streamCsv(source, { columns: { species: 'category' } }).toArray();
    await expect(reading).rejects.toThrow(
      "species: flowers.csv is read row by row, so its categories must be given: columns: { species: { categories: ['a', 'b'] } }",
    );
  });

  test('refuses a text among numbers in the first records', async () => {
    const spoilt = bytesSource(utf8('a\n1\n2\n-\n'), 'spoilt.csv');
    await expect(streamCsv(spoilt).toArray()).rejects.toThrow(
      "spoilt.csv, line 4, column a: expected a number, as 2 of 3 values are (columns: { a: 'text' } says otherwise)",
    );
    expect(await streamCsv(spoilt, { columns: { a: 'text' } }).toArray()).toHaveLength(3);
  });

  test('finds types in the first records, and says what to do where later ones have others', async () => {
    const rows = Array.from({ length: 30_000 }, (_, k) => (k === 20_000 ? 'many' : `${k}`));
    const late = bytesSource(utf8(`n\n${rows.join('\n')}\n`), 'late.csv');
    const numbers: unknown[] = [];
    const reading = (async () => {
      for await (const { n } of streamCsv(late)) numbers.push(n);
    })();
    await expect(reading).rejects.toThrow(
      'late.csv, line 20002, column n: expected an integer of 32 bits, as in the rows before (columns: { n: … } says otherwise), found "many"',
    );
    expect(numbers.length).toBeGreaterThan(10_000);
  });

  test('refuses a mask for rows by name, which would have zeros alone', async () => {
    const masks: readonly CsvOptions[] = [{ missing: 'mask' }, { columns: { width: { missing: 'mask' } } }];
    for (const options of masks) {
      expect(() => streamCsv(source, options)).toThrow('missing: rows by name do not say what is missing');
      const samples = streamCsv(source, options, { x: 'width', present: { present: 'width' } }).take(1);
      expect(await samples.toArray()).toEqual([{ x: Float32Array.of(0.5), present: Uint8Array.of(1) }]);
    }
    // @ts-expect-error: an option that there is not
    expect(() => streamCsv(source, { lookAt: 3 })).toThrow('lookAt: no such option');
  });

  test('finds types in as many records as it is told, however its bytes come', async () => {
    const rows = Array.from({ length: 1500 }, (_, k) => (k === 1200 ? 'x' : `${k}`));
    const bytes = utf8(`n\n${rows.join('\n')}\n`);
    const read = (piece: number, looksAt?: number): Promise<unknown[]> => {
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
      };
      return streamCsv({ name: 'f', pieces }, looksAt === undefined ? {} : { looksAt }).toArray();
    };
    for (const piece of [100, 2 ** 16]) {
      await expect(read(piece)).rejects.toThrow('f, line 1202, column n: expected an integer');
      await expect(read(piece, 1200)).rejects.toThrow('f, line 1202, column n: expected an integer');
      await expect(read(piece, 1201)).rejects.toThrow('expected a number, as 1200 of 1201 values are');
      await expect(read(piece, 5000)).rejects.toThrow('expected a number, as 1499 of 1500 values are');
    }
    for (const looksAt of [0, -1, 1.5, Number.NaN])
      expect(() => streamCsv(source, { looksAt })).toThrow('looksAt: expected a whole number from 1 on');
  });

  test('reads no more than it is asked for', async () => {
    let pieces = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield utf8(`${pieces++},1\n`.repeat(1000));
    };
    const stream = streamCsv({ name: 'x', pieces: endless }, { header: false });
    expect(await stream.take(5).toArray()).toHaveLength(5);
    expect(pieces).toBe(1);
  });
});
