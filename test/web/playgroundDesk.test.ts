import { expect, test } from 'vitest';
import { Desk } from '../../web/playground/page/desk.ts';
import { draftsIn } from '../../web/playground/page/drafts.ts';
import { hashOf } from '../../web/playground/page/link.ts';
import { Player, type PlayersWorker } from '../../web/playground/page/player.ts';
import { visitsOf } from '../../web/playground/page/visits.ts';

const examples = ['a', 'b', 'c'].map((name) => ({
  name,
  title: name,
  about: '',
  source: `the model of ${name}`,
}));

/** A worker that never says a word: nothing here asks what becomes of a model. */
const still: PlayersWorker = {
  postMessage: () => {},
  terminate: () => {},
  onmessage: null,
  onerror: null,
  onmessageerror: null,
};

/** Entries of a browser's history, as a page sees them. */
class Entries {
  readonly #entries: { state: unknown; hash: string }[] = [{ state: null, hash: '' }];
  #at = 0;

  get state(): unknown {
    return this.#entries[this.#at]?.state;
  }

  get hash(): string {
    return this.#entries[this.#at]?.hash ?? '';
  }

  replaceState(state: unknown, _: string, address = this.hash): void {
    this.#entries[this.#at] = { state: structuredClone(state), hash: address };
  }

  pushState(state: unknown, _: string, address = this.hash): void {
    this.#entries.splice(this.#at + 1, Number.POSITIVE_INFINITY, { state: null, hash: '' });
    this.#at++;
    this.replaceState(state, '', address);
  }

  /** Goes some entries back, or forward. */
  go(by: number): void {
    this.#at += by;
  }
}

/** A desk, and the history of its window; `desk` again is that of the page after it was loaded again. */
function visited() {
  const entries = new Entries();
  const desk = () =>
    new Desk(examples, new Player(() => still), draftsIn(undefined, undefined), visitsOf(entries));
  return { entries, desk };
}

/** What stands on a desk. */
const on = ({ example, text, waiting }: Desk): unknown[] => [example.value.name, text.value, waiting.value];

test('the browser goes back to what stood on the desk, and forward again', async () => {
  const { entries, desk: opened } = visited();
  const desk = opened();
  await desk.begin(entries.hash);
  desk.edit('my own a');
  desk.choose('b');
  desk.choose('c');
  expect([...on(desk), entries.hash]).toEqual(['c', 'the model of c', undefined, '#example=c']);
  for (const [by, there] of [
    [-1, ['b', 'the model of b', undefined]],
    [-1, ['a', 'my own a', undefined]],
    [2, ['c', 'the model of c', undefined]],
    [-2, ['a', 'my own a', undefined]],
  ] as const) {
    entries.go(by);
    await desk.begin(entries.hash);
    expect(on(desk)).toEqual(there);
  }
  // What is chosen from here takes the place of what one came back from.
  desk.choose('c');
  entries.go(-1);
  await desk.begin(entries.hash);
  expect(on(desk)[1]).toBe('my own a');
});

test('a link that is pasted waits for a word, also where one comes back to it, and what was there before is there', async () => {
  const { entries, desk: opened } = visited();
  const desk = opened();
  await desk.begin(entries.hash);
  desk.edit('my own a');
  desk.run();
  entries.pushState(null, '', await hashOf({ example: 'a', source: 'of a friend' }));
  await desk.begin(entries.hash);
  expect(on(desk)).toEqual(['a', 'of a friend', 'link']);

  entries.go(-1);
  await desk.begin(entries.hash);
  expect(on(desk)).toEqual(['a', 'my own a', undefined]);
  entries.go(1);
  await desk.begin(entries.hash);
  expect(on(desk)).toEqual(['a', 'of a friend', 'link']);

  desk.run();
  desk.choose('b');
  for (const [by, there] of [
    [-1, ['a', 'of a friend', undefined]],
    [-1, ['a', 'my own a', undefined]],
  ] as const) {
    entries.go(by);
    await desk.begin(entries.hash);
    expect(on(desk)).toEqual(there);
  }
});

test('a page that is loaded again has what stood on the desk, and a link still waits', async () => {
  const { entries, desk: opened } = visited();
  const first = opened();
  await first.begin(entries.hash);
  first.edit('my own a');
  first.run();
  const second = opened();
  await second.begin(entries.hash);
  expect(on(second)).toEqual(['a', 'my own a', undefined]);

  entries.pushState(null, '', await hashOf({ example: 'b', source: 'of a friend' }));
  await second.begin(entries.hash);
  second.edit('of a friend, with a comma');
  const third = opened();
  await third.begin(entries.hash);
  expect(on(third).slice(2)).toEqual(['link']);
});

test('a link that takes long to read does not come over what was chosen meanwhile', async () => {
  const { desk: opened } = visited();
  const desk = opened();
  const begun = desk.begin(await hashOf({ example: 'b', source: 'of a friend' }));
  desk.choose('c');
  await begun;
  expect(on(desk)).toEqual(['c', 'the model of c', undefined]);
});

test('what the page went down with waits, until a person runs it', async () => {
  const { entries } = visited();
  const note = new Map([['sinter-playground:opening', 'a']]);
  const ofTab = {
    getItem: (key: string) => note.get(key) ?? null,
    setItem: (key: string, value: string) => void note.set(key, value),
    removeItem: (key: string) => void note.delete(key),
  };
  const drafts = draftsIn(undefined, ofTab);
  drafts.set('a', 'too much');
  const desk = new Desk(examples, new Player(() => still), drafts, visitsOf(entries));
  await desk.begin(entries.hash);
  expect(on(desk)).toEqual(['a', 'too much', 'went down']);
  desk.run();
  desk.choose('b');
  desk.choose('a');
  expect(on(desk)).toEqual(['a', 'too much', undefined]);
});

test('a browser that refuses entries leaves the page as it is', async () => {
  const refuse = (): never => {
    throw new DOMException('too many in a while', 'SecurityError');
  };
  const visits = visitsOf({ state: null, replaceState: refuse, pushState: refuse });
  visits.note({ example: 'a', waits: false });
  visits.add({ example: 'b', waits: false });
  expect(visits.current).toBeUndefined();
  expect(
    visitsOf({ state: { example: 3 }, replaceState: refuse, pushState: refuse }).current,
  ).toBeUndefined();
});
