/** The page: a pad to draw on, what the reader takes it for, and a button for each digit that says what it is. */
import { indexedDbStore } from 'sinter/browser';
import type { Session } from 'sinter/runtime';
import { pixelsOf } from './drawing.ts';
import { Personal } from './personal.ts';

async function fetched(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
  return response;
}

/** On a GPU where there is one, else on WebAssembly: only the runtime that is needed is loaded. */
async function open(): Promise<Session> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (adapter) {
    const { start } = await import('sinter/runtime');
    return start(await (await fetched('reader.webgpu.json')).json(), { adapter });
  }
  const { start } = await import('sinter/runtime/wasm');
  return start(await (await fetched('reader.wasm.json')).json());
}

/** An element of the page, by its id. */
function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`the page has no ${id}`);
}

/** The pad: drawn on by a finger, a pen or a mouse. */
function padOf(canvas: HTMLCanvasElement, onDrawn: () => void) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new TypeError('the pad cannot be drawn on');
  context.lineWidth = canvas.width / 12;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    context.beginPath();
    context.moveTo(event.offsetX, event.offsetY);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.buttons === 0) return;
    context.lineTo(event.offsetX, event.offsetY);
    context.stroke();
  });
  canvas.addEventListener('pointerup', onDrawn);
  return {
    pixels: () => {
      const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
      return pixelsOf(data, width, height);
    },
    clear: () => context.clearRect(0, 0, canvas.width, canvas.height),
  };
}

/** How many drawings, in words. */
function countText(count: number): string {
  return count === 1 ? 'one drawing' : `${count} drawings`;
}

const answer = element('answer', HTMLElement);
try {
  const weights = new Uint8Array(await (await fetched('reader.safetensors')).arrayBuffer());
  const personal = await Personal.open(await open(), weights, indexedDbStore('personalise'));
  const say = (text: string): void => {
    answer.textContent = text;
  };
  /** What fails is told, not lost. */
  const doing = (work: () => Promise<void>) => (): void => {
    work().catch((error: unknown) => say(String(error)));
  };
  const pad = padOf(
    element('pad', HTMLCanvasElement),
    doing(async () => {
      const pixels = pad.pixels();
      if (pixels === undefined) return;
      const { digit, shares } = await personal.read(pixels);
      say(`A ${digit}, for ${(100 * (shares[digit] ?? 0)).toFixed(0)} %. If it is not, say what it is:`);
    }),
  );
  const teach = (digit: number) =>
    doing(async () => {
      const pixels = pad.pixels();
      if (pixels === undefined) return say('Draw a digit first.');
      say('Learning …');
      const loss = await personal.learn({ pixels, digit });
      say(`That is a ${digit}: loss ${loss.toFixed(3)} over ${countText(personal.count)}. Draw another.`);
      pad.clear();
    });
  const digits = element('digits', HTMLElement);
  for (let digit = 0; digit < 10; digit++) {
    const button = document.createElement('button');
    button.textContent = String(digit);
    button.addEventListener('click', teach(digit));
    digits.append(button);
  }
  element('clear', HTMLButtonElement).addEventListener('click', () => pad.clear());
  const forget = doing(async () => {
    await personal.forget();
    location.reload();
  });
  element('forget', HTMLButtonElement).addEventListener('click', forget);
  say('Draw a digit.');
} catch (error) {
  answer.textContent = String(error);
}
