import { isWhole, unfit } from '../../runtime/issues.ts';
import { checkOptions } from '../issues.ts';
import { BYTES, bytePairs, joinPair, keyOf, MOST_TOKENS, type Pair, wordsOf } from './bytePairs.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A word of the text, with how often it is there. */
interface Word {
  tokens: readonly number[];
  readonly times: number;
}

/** A pair with how often it was there when it was counted. */
interface Counted {
  readonly pair: Pair;
  readonly times: number;
}

/**
 * Learns a tokenizer by byte pairs: the pair of tokens that is most often side by side in the text becomes one token, again and
 * again. Of pairs that are as often the one of the lowest tokens comes first, so that a text always gives the same.
 *
 * @param texts what to learn from: a text, or several
 * @param options `size`: how many tokens there are to be, with the 256 of single bytes; fewer where no pair is there twice
 * @throws InputError `range`
 */
export function learnBytePairs(
  texts: string | Iterable<string>,
  options: { readonly size: number },
): Tokenizer {
  checkOptions(options, { size: true });
  const { size } = options;
  if (!isWhole(size, BYTES, MOST_TOKENS)) unfit('range', 'size', `${BYTES} to ${MOST_TOKENS}`, size);
  const words = countedWords(typeof texts === 'string' ? [texts] : texts);
  const counts = new PairCounts(words);
  const pairs: Pair[] = [];
  while (BYTES + pairs.length < size) {
    const next = counts.mostFrequent();
    if (!next || next.times < 2) break;
    counts.join(next.pair, BYTES + pairs.length);
    pairs.push(next.pair);
  }
  return bytePairs(pairs);
}

function countedWords(texts: Iterable<string>): Word[] {
  const times = new Map<string, number>();
  for (const text of texts) for (const word of wordsOf(text)) times.set(word, (times.get(word) ?? 0) + 1);
  const encoder = new TextEncoder();
  return Array.from(times, ([word, count]) => ({ tokens: [...encoder.encode(word)], times: count }));
}

/** How often each pair is side by side, and in which words. Joining a pair costs as much as the words that have it. */
class PairCounts {
  readonly #times = new Map<number, number>();
  readonly #words = new Map<number, Set<Word>>();
  /** Pairs by their counts: counts only sink, and what has sunk is put back where it is met. */
  readonly #heap: Counted[] = [];

  constructor(words: readonly Word[]) {
    const seen = new Map<number, Pair>();
    for (const word of words)
      for (const pair of pairsOf(word.tokens)) {
        this.#add(word, pair, word.times);
        seen.set(keyOf(...pair), pair);
      }
    for (const [key, pair] of seen) this.#push({ pair, times: this.#times.get(key) ?? 0 });
  }

  /** The pair that is there most often. */
  mostFrequent(): Counted | undefined {
    for (let top = this.#pop(); top; top = this.#pop()) {
      const times = this.#times.get(keyOf(...top.pair)) ?? 0;
      if (times === top.times) return top;
      if (times > 0) this.#push({ pair: top.pair, times });
    }
    return undefined;
  }

  /** Makes one token of a pair wherever it is. */
  join([a, b]: Pair, token: number): void {
    const made = new Map<number, Pair>();
    for (const word of this.#words.get(keyOf(a, b)) ?? []) {
      for (const pair of pairsOf(word.tokens)) this.#add(word, pair, -word.times);
      word.tokens = joinPair(word.tokens, (x, y) => x === a && y === b, token);
      for (const pair of pairsOf(word.tokens)) {
        this.#add(word, pair, word.times);
        if (pair.includes(token)) made.set(keyOf(...pair), pair);
      }
    }
    this.#times.delete(keyOf(a, b));
    this.#words.delete(keyOf(a, b));
    // Only pairs with the new token can have become more.
    for (const [key, pair] of made) this.#push({ pair, times: this.#times.get(key) ?? 0 });
  }

  #add(word: Word, pair: Pair, times: number): void {
    const key = keyOf(...pair);
    this.#times.set(key, (this.#times.get(key) ?? 0) + times);
    const words = this.#words.get(key) ?? new Set();
    words.add(word);
    this.#words.set(key, words);
  }

  #push(counted: Counted): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(counted);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || !comesFirst(counted, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = counted;
  }

  #pop(): Counted | undefined {
    const heap = this.#heap;
    const [top] = heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const isRight = left && right && comesFirst(right, left);
      const below = isRight ? right : left;
      if (!below || !comesFirst(below, last)) break;
      heap[at] = below;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
    return top;
  }
}

function pairsOf(tokens: readonly number[]): Pair[] {
  return tokens.slice(1).map((second, k) => [tokens[k] ?? 0, second]);
}

/** More often first; of equals the lower tokens. */
function comesFirst(one: Counted, other: Counted): boolean {
  if (one.times !== other.times) return one.times > other.times;
  return keyOf(...one.pair) < keyOf(...other.pair);
}
