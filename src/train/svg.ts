import type { Curve } from './chart.ts';

/** Colours that people with any eyesight tell apart (Okabe and Ito 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];
/** Pixels around the curves, for numbers and names. */
const MARGIN = { left: 56, right: 12, top: 24, bottom: 24 };
/** Pixels of a picture where nobody says. */
const SIZE = { width: 480, height: 240 };

/** Curves over epochs as the text of an SVG picture; values that are not finite leave gaps. */
export function svgOf(
  curves: readonly Curve[],
  { width = SIZE.width, height = SIZE.height }: { readonly width?: number; readonly height?: number },
): string {
  const finite = curves.flatMap(({ values }) => values.filter(Number.isFinite));
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const count = Math.max(1, ...curves.map(({ values }) => values.length));
  const x = (k: number): string =>
    (MARGIN.left + ((width - MARGIN.left - MARGIN.right) * k) / Math.max(1, count - 1)).toFixed(1);
  const y = (value: number): string => {
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return (height - MARGIN.bottom - share * (height - MARGIN.top - MARGIN.bottom)).toFixed(1);
  };
  const parts = curves.map(({ name, values }, c) => {
    const colour = COLOURS[c % COLOURS.length] ?? '';
    const lines = runsOf(values).map(
      (run) =>
        `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${run.map(([k, value]) => `${x(k)},${y(value)}`).join(' ')}"/>`,
    );
    const label = `<text x="${MARGIN.left + 110 * c}" y="14" fill="${colour}">${escaped(name)}</text>`;
    return [...lines, label].join('');
  });
  const marks =
    finite.length === 0
      ? []
      : [...new Set([low, high])].map(
          (value) =>
            `<text x="${MARGIN.left - 6}" y="${y(value)}" text-anchor="end">${value.toPrecision(4)}</text>`,
        );
  const ends = [...new Set([0, count - 1])].map(
    (k) => `<text x="${x(k)}" y="${height - 8}" text-anchor="middle">${k + 1}</text>`,
  );
  const frame = `<path fill="none" stroke="#888" d="M${MARGIN.left},${MARGIN.top}V${height - MARGIN.bottom}H${width - MARGIN.right}"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">${[frame, ...marks, ...ends, ...parts].join('')}</svg>`;
}

/** Values one after the other without gaps, each with its place. */
function runsOf(values: readonly number[]): [number, number][][] {
  const runs: [number, number][][] = [[]];
  for (const [k, value] of values.entries()) {
    if (Number.isFinite(value)) runs.at(-1)?.push([k, value]);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
