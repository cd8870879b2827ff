import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { pixelsOf } from '../../../examples/personalise/drawing.ts';
import { canvasColour, theme } from './palette.ts';
import type { Player } from './player.ts';

const SIDE = 280;

/** A pad on which a finger, a pen or a mouse draws a digit; who cannot draw chooses one of the test set. */
export function Pad({ player }: { readonly player: Player }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const isEmpty = useSignal(true);
  const asked = useRef(0);

  useSignalEffect(() => {
    void theme.value;
    // The ink changes with the theme: what was drawn in the other one is drawn over.
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    context.globalCompositeOperation = 'source-in';
    context.fillStyle = canvasColour('var(--ink)');
    context.fillRect(0, 0, SIDE, SIDE);
    context.globalCompositeOperation = 'source-over';
  });

  const show = (): void => {
    // Once a frame at most, however often the pen moves.
    cancelAnimationFrame(asked.current);
    asked.current = requestAnimationFrame(() => {
      const context = canvas.current?.getContext('2d', { willReadFrequently: true });
      if (!context) return;
      const pixels = pixelsOf(context.getImageData(0, 0, SIDE, SIDE).data, SIDE, SIDE);
      if (pixels !== undefined) player.attempt({ pixels: Float32Array.from(pixels, (value) => value / 255) });
    });
  };

  const lineTo = (event: PointerEvent): void => {
    const element = canvas.current;
    const context = element?.getContext('2d', { willReadFrequently: true });
    if (!element || !context) return;
    const scale = SIDE / element.clientWidth;
    const [x, y] = [event.offsetX * scale, event.offsetY * scale];
    if (event.type === 'pointerdown') {
      element.setPointerCapture(event.pointerId);
      context.lineWidth = SIDE / 13;
      context.lineCap = 'round';
      context.lineJoin = 'round';
      context.strokeStyle = canvasColour('var(--ink)');
      context.beginPath();
      context.moveTo(x, y);
    }
    context.lineTo(x, y);
    context.stroke();
    isEmpty.value = false;
    show();
  };

  const clear = (): void => {
    canvas.current?.getContext('2d')?.clearRect(0, 0, SIDE, SIDE);
    isEmpty.value = true;
  };

  return (
    <section class="pad card" aria-labelledby="pad-title">
      <header>
        <h3 id="pad-title">Draw a digit</h3>
        <button type="button" class="button" onClick={clear} disabled={isEmpty.value}>
          Clear
        </button>
      </header>
      <div class="pad-place">
        <canvas
          ref={canvas}
          width={SIDE}
          height={SIDE}
          role="img"
          aria-label="A pad to draw a digit on. The buttons under it choose one of the test set instead."
          onPointerDown={(event) => {
            if (event.button === 0) lineTo(event);
          }}
          onPointerMove={(event) => {
            if (event.buttons % 2 === 1) lineTo(event);
          }}
        />
        {isEmpty.value && (
          <p class="soft" aria-hidden="true">
            Draw here
          </p>
        )}
      </div>
      <fieldset class="digits">
        <legend>or take one of the test set</legend>
        <div>
          {Array.from({ length: 10 }, (_, digit) => (
            <button
              key={digit}
              type="button"
              class="button"
              aria-label={`A ${digit} of the test set`}
              onClick={() => {
                clear();
                player.attempt({ digit });
              }}
            >
              {digit}
            </button>
          ))}
        </div>
      </fieldset>
    </section>
  );
}
