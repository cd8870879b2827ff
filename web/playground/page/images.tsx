import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { View } from '../protocol.ts';
import { numberText } from './figures.ts';
import { channels, theme } from './palette.ts';

type Images = Extract<View, { kind: 'images' }>;
type Image = Images['images'][number];

/** Images side by side, all of one scale of colours, which stands under them. */
export function ImagesView({ view }: { readonly view: Images }) {
  const [low, high] = rangeOf(view);
  return (
    <>
      <ul class="images" style={{ '--image': `${sideOf(view.images)}rem` }}>
        {view.images.map((image, i) => (
          <li key={image.label ?? i}>
            <Pixels
              image={image}
              low={low}
              high={high}
              isSigned={view.signed}
              name={image.label ?? `${view.title}, ${i + 1} of ${view.images.length}`}
            />
            {image.label !== undefined && <span>{image.label}</span>}
          </li>
        ))}
      </ul>
      <p class={`scale ${view.signed ? 'signed' : 'plain'}`}>
        <span>{numberText(Math.abs(low) < 1e-3 * high ? 0 : low)}</span>
        <i class="scale-colours" aria-hidden="true" />
        <span>{numberText(high)}</span>
      </p>
    </>
  );
}

/** The least side of an image, in rem: many are small, few have room, and one of many pixels all that there is. */
function sideOf(images: Images['images']): number {
  const [first] = images;
  if (images.length === 1 && first !== undefined && first.width > 64) return 14;
  return images.length > 12 ? 3.25 : images.length > 4 ? 4.5 : 7;
}

/** From the least value to the largest of all, or as far on either side of 0. */
function rangeOf({ signed, images }: Images): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { values } of images) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return [0, 1];
  if (!signed) return low === high ? [low, low + 1] : [low, high];
  const largest = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return [-largest, largest];
}

function Pixels(props: {
  readonly image: Image;
  readonly low: number;
  readonly high: number;
  readonly isSigned: boolean;
  readonly name: string;
}) {
  const { image, low, high, isSigned, name } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const draw = (): void => {
    const context = canvas.current?.getContext('2d');
    if (!context || image.width < 1 || image.height < 1) return;
    const pixels = new ImageData(image.width, image.height);
    const ramp = rampOf(isSigned);
    for (let i = 0; i < image.width * image.height; i++) {
      const part = ((image.values[i] ?? low) - low) / (high - low);
      const at = 3 * Math.round(255 * Math.min(1, Math.max(0, part || 0)));
      pixels.data.set([ramp[at] ?? 0, ramp[at + 1] ?? 0, ramp[at + 2] ?? 0, 255], 4 * i);
    }
    context.putImageData(pixels, 0, 0);
  };
  useEffect(draw, [image, low, high, isSigned]);
  useSignalEffect(() => {
    void theme.value;
    draw();
  });
  return <canvas ref={canvas} width={image.width} height={image.height} role="img" aria-label={name} />;
}

const ramps = new Map<string, Uint8Array>();

/** 256 colours: from the surface to ink, or from backward's over the surface to forward's. */
function rampOf(isSigned: boolean): Uint8Array {
  const key = `${theme.peek()} ${isSigned}`;
  const known = ramps.get(key);
  if (known !== undefined) return known;
  const stops = (isSigned ? ['--backward', '--surface', '--forward'] : ['--surface', '--ink']).map((name) =>
    channels(`var(${name})`),
  );
  const ramp = new Uint8Array(3 * 256);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const [from, to] = [stops[Math.floor(at)], stops[Math.ceil(at)]];
    for (let c = 0; c < 3; c++) {
      ramp[3 * i + c] = Math.round((from?.[c] ?? 0) * (1 - (at % 1)) + (to?.[c] ?? 0) * (at % 1));
    }
  }
  // Those of themes before are not drawn again.
  if (ramps.size > 8) ramps.clear();
  ramps.set(key, ramp);
  return ramp;
}
