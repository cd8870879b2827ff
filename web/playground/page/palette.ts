import { signal } from '@preact/signals';

const themes = signal(0);

/** Changes whenever the theme may have: what draws on a canvas reads it, and draws again. */
export const theme = themes;

/** Watches the system's wish and the switch's word. Called once, by the page. */
export function watchTheme(): void {
  const changed = (): void => {
    themes.value++;
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ['data-theme'] });
}

/** A colour of the theme as a canvas takes it: `var(--ink)` is `rgb(22, 32, 45)` there. */
export function canvasColour(css: string): string {
  const probe = document.createElement('span');
  probe.style.color = css;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** A colour as three numbers from 0 to 255. */
export function channels(css: string): readonly [number, number, number] {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d');
  if (canvas === null) return [128, 128, 128];
  canvas.fillStyle = canvasColour(css);
  canvas.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

/** Colours of classes, told apart by hue, and by their marks where hues do not tell. */
export function classColour(index: number): string {
  const hue = classHues[index % classHues.length] ?? 0;
  return `light-dark(oklch(56% 0.16 ${hue}), oklch(74% 0.16 ${hue}))`;
}

/** Two classes are blue and orange; others lie between. */
const classHues = [258, 55, 150, 330, 195, 20, 290, 105, 230, 350];
