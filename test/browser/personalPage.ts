import { Personal } from '../../examples/personalise/personal.ts';
import { start, type WasmProgram } from '../../src/runtime/wasm/index.ts';
import { memoryStore } from '../../src/weights/index.ts';
import { post } from './post.ts';

const bytes = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(path)).arrayBuffer());

/** Waits until the page says something that holds. */
function said(holds: (text: string) => boolean): Promise<string> {
  const answer = document.getElementById('answer');
  return new Promise((resolve) => {
    const look = (): void => {
      const text = answer?.textContent ?? '';
      if (holds(text)) resolve(text);
      else requestAnimationFrame(look);
    };
    look();
  });
}

/** Draws a line on the pad, as a pointer does. */
function draw(pad: HTMLElement, points: readonly (readonly [x: number, y: number])[]): void {
  const { left, top } = pad.getBoundingClientRect();
  const [first = [0, 0]] = points;
  const at = (type: string, [x, y]: readonly [number, number], buttons: number): void => {
    const options = { clientX: left + x, clientY: top + y, buttons, pointerId: 1, isPrimary: true };
    pad.dispatchEvent(new PointerEvent(type, options));
  };
  at('pointerdown', first, 1);
  for (const point of points) at('pointermove', point, 1);
  at('pointerup', points.at(-1) ?? first, 0);
}

// Runs in a browser with the runtime alone: a reader that does not know a hand is shown some of it; then the page itself.
await post(async () => {
  const program: WasmProgram = await (await fetch('/reader.wasm.json')).json();
  const weights = await bytes('/reader.safetensors');
  const [images, labels] = [await bytes('/images'), await bytes('/labels')];
  const pixels = (k: number): Uint8Array => images.subarray(784 * k, 784 * (k + 1));
  const shown = 40;
  const store = memoryStore();
  const session = await start(program, { seed: 1 });
  const personal = await Personal.open(session, weights, store);
  const right = async (reader: Personal): Promise<number> => {
    let count = 0;
    for (let k = shown; k < labels.length; k++)
      if ((await reader.read(pixels(k))).digit === labels[k]) count++;
    return count / (labels.length - shown);
  };
  const before = await right(personal);
  for (let k = 0; k < shown; k++)
    await personal.learn({ pixels: pixels(k), digit: labels[k] ?? 0 }, { epochs: k === shown - 1 ? 15 : 1 });
  const after = await right(personal);
  session.dispose();
  // Who comes back is known.
  const other = await start(program, { seed: 2 });
  const again = await Personal.open(other, weights, store);
  const kept = await right(again);
  other.dispose();
  // A page that has another reader by now, or files that are spoilt, begins again with the drawings that are whole.
  await store.write('hand.safetensors', weights);
  const third = await start(program, { seed: 3 });
  const changed = await Personal.open(third, weights, store);
  const renewed = await right(changed);
  third.dispose();
  const counts = [again.count, changed.count];

  document.body.innerHTML = await (await fetch('/page.html')).text();
  await import('../../examples/personalise/page.ts');
  await said((text) => text === 'Draw a digit.');
  const pad = document.getElementById('pad');
  if (pad === null) throw new TypeError('the page has no pad');
  draw(pad, [
    [140, 60],
    [140, 220],
  ]);
  const read = await said((text) => text.startsWith('A '));
  const [, one] = document.getElementById('digits')?.children ?? [];
  one?.dispatchEvent(new MouseEvent('click'));
  const learned = await said((text) => text.startsWith('That is'));
  return { before, after, kept, renewed, counts, read, learned };
});
