import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reader } from '../../examples/readers.ts';
import { compile } from '../../src/index.ts';
import { loadMnist } from '../../src/node/index.ts';
import { saveWeights } from '../../src/weights/index.ts';
import { bundle } from './bundle.ts';
import { isolation, visit } from './chromium.ts';

/** Digits that the reader learns before, and those of a hand that it does not know. */
const [KNOWN, HAND] = [4096, 140];

/** Digits as one writes who leans far to the left: rows are shifted, those at the top most. */
function leaning(images: Uint8Array): Uint8Array {
  return images.map((_, k) => {
    const [picture, y, x] = [Math.floor(k / 784), Math.floor(k / 28) % 28, k % 28];
    const from = x + Math.round((14 - y) * 0.9);
    return from >= 0 && from < 28 ? (images[784 * picture + 28 * y + from] ?? 0) : 0;
  });
}

test('a page learns a hand with the runtime alone, keeps it, and hears what is drawn', async ({ signal }) => {
  const { train, test: unseen } = await loadMnist();
  const whole = reader({ name: 'digits', classes: 10, frozen: false, lr: 3e-3 });
  const session = await (await compile(whole, { target: 'wasm' })).start({ seed: 1 });
  const data = { x: train.images.subarray(0, 784 * KNOWN), y: train.labels.subarray(0, KNOWN) };
  await session.fit({ data, epochs: 2, progress: false });
  const weights = await saveWeights(session, { only: ['features', 'classifier'] });
  session.dispose();

  const page = await bundle('personalPage.ts');
  const sources = [...page.sources.values()].flat();
  expect(sources).toContain('src/runtime/wasm/start.ts');
  expect(sources.filter((file) => /^src\/(?!half\.ts|runtime|weights|browser|data)/.test(file))).toEqual([]);
  const personal = reader({ name: 'digits', classes: 10, frozen: true, lr: 3e-3 });
  const program = JSON.stringify(await compile(personal, { target: 'wasm' }));
  const document = readFileSync('examples/personalise/index.html', 'utf8');
  const files = new Map<string, string | Uint8Array>([
    ...page.files,
    ['/reader.wasm.json', program],
    ['/reader.safetensors', weights],
    ['/images', leaning(unseen.images.subarray(0, 784 * HAND))],
    ['/labels', unseen.labels.subarray(0, HAND)],
    // Its own script is left out: the page of the test imports it.
    ['/page.html', document.replace(/<script[^>]*><\/script>/, '')],
  ]);
  const { result } = await visit({ files, headers: isolation, webgpu: false }, signal);
  expect(result).toEqual({
    before: expect.any(Number),
    after: expect.any(Number),
    kept: expect.any(Number),
    renewed: expect.any(Number),
    counts: [40, 40],
    read: expect.stringMatching(/^A \d, for \d+ %\. If it is not, say what it is:$/),
    learned: expect.stringMatching(/^That is a 1: loss \d\.\d{3} over one drawing\. Draw another\.$/),
  });
  const { before, after, kept, renewed } = result as Record<'before' | 'after' | 'kept' | 'renewed', number>;
  expect(after).toBeGreaterThan(before + 0.1);
  expect(kept).toBe(after);
  expect(renewed).toBe(before);
});
