import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  characterTokenizer,
  learnBytePairs,
  type Tokenizer,
  tokenizerOf,
  windows,
} from '../../src/data/index.ts';
import { FormatError, InputError } from '../../src/runtime/index.ts';

const again = (tokenizer: Tokenizer): Tokenizer => tokenizerOf(JSON.parse(JSON.stringify(tokenizer)));

describe('characters', () => {
  test('are tokens in the order of their codes', () => {
    const tokenizer = characterTokenizer('héllo 😀');
    expect(tokenizer.size).toBe(6);
    expect([...tokenizer.encode('hello😀'.replace('e', 'é'))]).toEqual([1, 4, 2, 2, 3, 5]);
    expect(tokenizer.decode([1, 4, 5])).toBe('hé😀');
    expect(again(tokenizer).encode('lo')).toEqual(tokenizer.encode('lo'));
  });

  test('that are not there are refused, or one stands for them', () => {
    expect(() => characterTokenizer('abc').encode('abd')).toThrow('text: no token for "d", character 2');
    const tokenizer = characterTokenizer('abc', { unknown: '?' });
    expect(tokenizer.decode(tokenizer.encode('axb'))).toBe('a?b');
    expect(again(tokenizer).decode(again(tokenizer).encode('xyz'))).toBe('???');
    expect(() => tokenizer.decode([0, 9])).toThrow('tokens: expected 0 to 3 at index 1, found 9');
    expect(() => characterTokenizer('abc', { unknown: '' })).toThrow(InputError);
  });
});

/** Byte pairs as their paper has them, in plain loops: the most frequent pair of all words, the lowest of equals. */
function plainPairs(words: readonly string[], count: number): number[][] {
  let all = words.map((word) => [...new TextEncoder().encode(word)]);
  const pairs: number[][] = [];
  for (let token = 256; token < 256 + count; token++) {
    const times = new Map<string, number>();
    for (const word of all)
      for (let i = 0; i + 1 < word.length; i++) {
        const key = `${word[i]} ${word[i + 1]}`;
        times.set(key, (times.get(key) ?? 0) + 1);
      }
    const [best] = [...times]
      .filter(([, n]) => n > 1)
      .map(([key, n]) => ({ n, pair: key.split(' ').map(Number) }))
      .sort(
        (x, y) => y.n - x.n || (x.pair[0] ?? 0) - (y.pair[0] ?? 0) || (x.pair[1] ?? 0) - (y.pair[1] ?? 0),
      );
    if (!best) break;
    pairs.push(best.pair);
    all = all.map((word) => {
      const made: number[] = [];
      for (let i = 0; i < word.length; i++) {
        if (word[i] === best.pair[0] && word[i + 1] === best.pair[1]) {
          made.push(token);
          i++;
        } else made.push(word[i] ?? 0);
      }
      return made;
    });
  }
  return pairs;
}

describe('byte pairs', () => {
  test('are learned as their paper says, and encode what they were learned from', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 30 }),
        (words, count) => {
          const text = words.join('\n');
          const tokenizer = learnBytePairs(text, { size: 256 + count });
          const spaces = words.slice(1).map(() => '\n');
          expect(tokenizer.toJSON()).toEqual({
            kind: 'bytePairs',
            pairs: plainPairs([...words, ...spaces], count),
          });
          expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('encode any text, and decode it again', () => {
    const tokenizer = learnBytePairs('the cat and the dog, and the other cat', { size: 300 });
    const anyText = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(anyText, (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
    expect(tokenizer.encode('and the cat').length).toBeLessThan(6);
    expect(again(tokenizer).encode('and the cat')).toEqual(tokenizer.encode('and the cat'));
    expect(tokenizer.decode(tokenizer.encode('\ufeffx'))).toBe('\ufeffx');
  });

  test('take time in proportion to a text, without spaces too', () => {
    const text = 'a'.repeat(200_000);
    const tokenizer = learnBytePairs(text, { size: 1000 });
    expect(tokenizer.encode(text).length).toBe(200_000 / 64);
    expect(tokenizer.size).toBe(256 + 6);
  });

  test('end where no pair is there twice', () => {
    expect(learnBytePairs(['abc'], { size: 1000 }).size).toBe(256);
    expect(() => learnBytePairs('abc', { size: 100 })).toThrow('size: expected 256 to 2097152, found 100');
  });
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['another kind', { kind: 'words', words: [] }],
  ['texts of two characters', { kind: 'characters', characters: ['ab'] }],
  ['a character twice', { kind: 'characters', characters: ['a', 'a'] }],
  ['an unknown one that is not there', { kind: 'characters', characters: ['a'], unknown: 'b' }],
  ['no pairs', { kind: 'bytePairs', pairs: [[1]] }],
  ['a pair of later tokens', { kind: 'bytePairs', pairs: [[256, 1]] }],
  [
    'a pair twice',
    {
      kind: 'bytePairs',
      pairs: [
        [1, 2],
        [1, 2],
      ],
    },
  ],
  [
    'tokens that double',
    {
      kind: 'bytePairs',
      pairs: Array.from({ length: 40 }, (_, k) => (k === 0 ? [1, 1] : [255 + k, 255 + k])),
    },
  ],
])('a tokenizer of %s is refused', (_, data) => {
  expect(() => tokenizerOf(data)).toThrow(FormatError);
});

test('windows of tokens are what a language model reads, and what it is to say', async () => {
  const tokens = Int32Array.from({ length: 10 }, (_, k) => k);
  expect(await windows(tokens, { length: 4 }).toArray()).toEqual([
    { x: Int32Array.of(0, 1, 2, 3), y: Int32Array.of(1, 2, 3, 4) },
    { x: Int32Array.of(4, 5, 6, 7), y: Int32Array.of(5, 6, 7, 8) },
  ]);
  const close = windows(tokens, { length: 4, stride: 1 });
  expect(close.count).toBe(6);
  const [batch] = await close.shuffle({ seed: 1 }).batch(6).toArray();
  expect(batch?.x.map((token) => token + 1)).toEqual(batch?.y);
  expect(() => windows(tokens, { length: 10 })).toThrow('tokens: expected more than 10, for one window');
});
