import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { View } from '../protocol.ts';
import { canvasColour, channels, classColour, theme } from './palette.ts';

type Points = Extract<View, { kind: 'points' }>;

/** Pixels along the sides of the drawing: more than are shown, for dense screens. */
const SIDE = 720;

/** Points of a plane over what the network says of it. Classes have colours, and marks where hues do not tell. */
export function PointsView({ view }: { readonly view: Points }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const draw = (): void => {
    const context = canvas.current?.getContext('2d');
    if (context) drawPoints(context, view);
  };
  useEffect(draw, [view]);
  useSignalEffect(() => {
    void theme.value;
    draw();
  });
  const classes = [...new Set(view.classes ?? [])].sort((a, b) => a - b);
  const [left, right, bottom, top] = view.range;
  return (
    <>
      <canvas
        ref={canvas}
        class="plane"
        width={SIDE}
        height={SIDE}
        role="img"
        aria-label={`${view.x.length} points between (${left}, ${bottom}) and (${right}, ${top})${
          view.labels === undefined ? '' : `: ${view.labels.slice(0, 40).join(', ')}`
        }`}
      />
      {classes.length > 1 && (
        <ul class="classes">
          {classes.map((index) => (
            <li key={index}>
              <Mark index={index} /> {view.classNames?.[index] ?? index}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The mark of a class in the legend. */
function Mark({ index }: { readonly index: number }) {
  return (
    <svg viewBox="-10 -10 20 20" width="14" height="14" aria-hidden="true">
      <path d={markPaths[index % markPaths.length]} style={{ fill: classColour(index) }} />
    </svg>
  );
}

/** Marks of about one area, by class. */
const markPaths = [
  'M7 0A7 7 0 1 1 -7 0A7 7 0 1 1 7 0Z',
  'M-6 -6H6V6H-6Z',
  'M0 -8L8 6H-8Z',
  'M0 -9L8 0L0 9L-8 0Z',
  'M-3 -8H3V-3H8V3H3V8H-3V3H-8V-3H-3Z',
];

function drawPoints(context: CanvasRenderingContext2D, view: Points): void {
  const [left, right, bottom, top] = view.range;
  const toX = (x: number): number => ((x - left) / (right - left)) * SIDE;
  const toY = (y: number): number => ((top - y) / (top - bottom)) * SIDE;
  context.clearRect(0, 0, SIDE, SIDE);
  if (view.field !== undefined) drawField(context, view.field);
  const isCrowded = view.x.length > 600;
  const ink = canvasColour('var(--ink)');
  const surface = canvasColour('var(--surface)');
  const colours = new Map<number, string>();
  const marks = markPaths.map((path) => new Path2D(path));
  for (let i = 0; i < view.x.length; i++) {
    const [x, y] = [toX(view.x[i] ?? Number.NaN), toY(view.y[i] ?? Number.NaN)];
    if (Number.isNaN(x + y)) continue;
    const index = view.classes?.[i] ?? 0;
    const colour = colours.get(index) ?? canvasColour(classColour(index));
    colours.set(index, colour);
    const mark = marks[index % marks.length];
    if (mark === undefined) continue;
    context.save();
    context.translate(x, y);
    const size = isCrowded ? 0.7 : 1.1;
    context.scale(size, size);
    context.fillStyle = colour;
    context.strokeStyle = surface;
    context.lineWidth = isCrowded ? 1 : 2.5;
    context.stroke(mark);
    context.fill(mark);
    context.restore();
  }
  if (view.labels !== undefined) drawLabels(context, view, toX, toY, ink, surface);
}

/** Words beside their points, the first first: one that would cover another is left out. */
function drawLabels(
  context: CanvasRenderingContext2D,
  { x, y, labels = [] }: Points,
  toX: (x: number) => number,
  toY: (y: number) => number,
  ink: string,
  surface: string,
): void {
  const height = 24;
  context.font = `600 22px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.lineWidth = 5;
  context.fillStyle = ink;
  context.strokeStyle = surface;
  const placed: { readonly from: number; readonly to: number; readonly y: number }[] = [];
  for (const [i, label] of labels.entries()) {
    const [px, py] = [toX(x[i] ?? Number.NaN), toY(y[i] ?? Number.NaN)];
    const width = context.measureText(label).width;
    const from = px + 12 + width > SIDE ? px - 12 - width : px + 12;
    const box = { from, to: from + width, y: py };
    const isFree = placed.every(
      (other) => Math.abs(other.y - box.y) > height || other.to < box.from || other.from > box.to,
    );
    if (!isFree || Number.isNaN(px + py)) continue;
    placed.push(box);
    context.strokeText(label, from, py);
    context.fillText(label, from, py);
  }
}

/** 0 is the colour of class 0, 1 that of class 1, and what lies between is pale. */
function drawField(
  context: CanvasRenderingContext2D,
  { width, height, values }: NonNullable<Points['field']>,
): void {
  if (width < 1 || height < 1) return;
  const [zero, one, middle] = [classColour(0), classColour(1), 'var(--surface)'].map(channels);
  const pixels = new ImageData(width, height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = Math.min(1, Math.max(0, values[row * width + column] ?? 0.5));
      const end = value < 0.5 ? zero : one;
      const part = 0.62 * Math.abs(2 * value - 1);
      // The first row is the lowest of the plane, the last of the image.
      const at = 4 * ((height - 1 - row) * width + column);
      for (let c = 0; c < 3; c++) {
        pixels.data[at + c] = (end?.[c] ?? 0) * part + (middle?.[c] ?? 0) * (1 - part);
      }
      pixels.data[at + 3] = 255;
    }
  }
  const small = new OffscreenCanvas(width, height);
  small.getContext('2d')?.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, SIDE, SIDE);
}
