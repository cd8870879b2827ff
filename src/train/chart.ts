import { notInPages } from './issues.ts';

/** A value over epochs, counted from 1. */
export interface Curve {
  readonly name: string;
  readonly values: readonly number[];
}

/** Columns and lines of a chart where nobody says. */
const SIZE = { width: 60, height: 12 };

/** Curves as text, by the package `simple-ascii-chart`. @throws InputError `missing` where it is not installed, and in pages */
export async function chartOf(
  curves: readonly Curve[],
  { width = SIZE.width, height = SIZE.height }: { readonly width?: number; readonly height?: number },
): Promise<string> {
  const { loadChart } = await import('./loadChart.ts');
  // In a page that file is empty.
  if (typeof loadChart !== 'function') return notInPages('plot', 'toSVG draws the curves there');
  const { plot } = await loadChart();
  const lines = curves.map(({ values }) =>
    values.flatMap((y, k): [number, number][] => (Number.isFinite(y) ? [[k + 1, y]] : [])),
  );
  if (lines.every((line) => line.length === 0)) return '';
  return plot(lines, {
    width,
    height,
    legend: { position: 'bottom', series: curves.map(({ name }) => name) },
  });
}
