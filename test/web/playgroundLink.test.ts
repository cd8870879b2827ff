import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftsIn } from '../../web/playground/page/drafts.ts';
import { hashOf, LinkError, linkedBy, MOST_CHARACTERS } from '../../web/playground/page/link.ts';

const names = ['mnist-mlp', 'two spirals & more'];

describe('links', () => {
  test('hold an example, and whatever text its model has', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.option(fc.string({ unit: 'grapheme', maxLength: 400 }), { nil: undefined }),
        async (example, source) => {
          const hash = await hashOf(source === undefined ? { example } : { example, source });
          expect(hash).toMatch(/^#[\w=&%.~-]+$/);
          expect(await linkedBy(hash, names)).toEqual(
            source === undefined ? { example } : { example, source },
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  test('are short: the text is deflated', async () => {
    const source = 'const h = nn.dense(x, 128, { activation: "relu" });\n'.repeat(40);
    expect((await hashOf({ example: 'mnist-mlp', source })).length).toBeLessThan(source.length / 10);
  });

  test('of something else open nothing', async () => {
    expect(await linkedBy('', names)).toBeUndefined();
    expect(await linkedBy('#entry=train', names)).toBeUndefined();
  });

  test('say what is wrong with them', async () => {
    const hash = await hashOf({ example: 'mnist-mlp', source: 'export const model = 1;' });
    await expect(linkedBy(hash.slice(0, -9), names)).rejects.toThrow(
      'The link is cut off or changed: its model cannot be read. Copy the whole link again.',
    );
    await expect(linkedBy('#example=mnist-mlp&model=%F0*', names)).rejects.toThrow(LinkError);
    await expect(linkedBy('#example=other', names)).rejects.toThrow(
      'The link names the example "other". There are: mnist-mlp, two spirals & more.',
    );
    await expect(linkedBy(hash.replace(/example=[^&]*&/, ''), names)).rejects.toThrow('names no example');
  });

  test('that would unpack to more than anyone writes are refused before they have', async () => {
    const hash = await hashOf({ example: 'mnist-mlp', source: ' '.repeat(4 * MOST_CHARACTERS) });
    await expect(linkedBy(hash, names)).rejects.toThrow(
      `The link holds more than ${MOST_CHARACTERS} characters.`,
    );
  });
});

describe('drafts', () => {
  /** A storage of a browser, or one that refuses whatever it is asked. */
  const storageOf = (kept: Map<string, string>): Parameters<typeof draftsIn>[0] => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  });
  const forbidden = (): never => {
    throw new DOMException('The operation is insecure.', 'SecurityError');
  };

  test('outlive the page, one for each example', () => {
    const kept = new Map<string, string>();
    const drafts = draftsIn(storageOf(kept), undefined);
    drafts.set('a', 'text of a');
    drafts.set('b', 'text of b');
    drafts.set('b', undefined);
    const again = draftsIn(storageOf(kept), undefined);
    expect([again.get('a'), again.get('b')]).toEqual(['text of a', undefined]);
  });

  test('know which model a page went down with', () => {
    const [shared, kept] = [new Map<string, string>(), new Map<string, string>()];
    const page = (ofTab: Map<string, string>) => draftsIn(storageOf(shared), storageOf(ofTab));
    page(kept).setOpening('a');
    const again = page(kept);
    expect(again.wentDownWith).toBe('a');
    // Another tab has not gone down.
    expect(page(new Map()).wentDownWith).toBeUndefined();
    again.setOpening(undefined);
    expect(page(kept).wentDownWith).toBeUndefined();
  });

  test('last as long as the page where storage is forbidden', () => {
    for (const storage of [undefined, { getItem: forbidden, setItem: forbidden, removeItem: forbidden }]) {
      const drafts = draftsIn(storage, storage);
      drafts.set('a', 'text');
      drafts.setOpening('a');
      expect([drafts.get('a'), drafts.wentDownWith]).toEqual(['text', undefined]);
      drafts.set('a', undefined);
      expect(drafts.get('a')).toBeUndefined();
    }
  });
});
