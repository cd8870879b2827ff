import { type ReadonlySignal, signal, useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { messageOf } from '../messageOf.ts';
import type { Curve } from './curve.ts';
import { numberText } from './figures.ts';
import { canvasColour, theme } from './palette.ts';

const HEIGHT = 180;

/** The library that plots; why there is none, where it does not load or a browser's language is none that it knows. */
const library = signal<{ readonly Draw?: typeof uPlot; readonly why?: string }>({});
void import('uplot').then(
  (loaded) => {
    library.value = { Draw: loaded.default };
  },
  (error: unknown) => {
    library.value = { why: messageOf(error) };
  },
);

/**
 * A curve over steps: what steps gave, pale, and the smoothed line over it. It follows the width of its place, and the theme.
 *
 * @param changed changes as the curve does
 */
export function Plot(props: {
  readonly title: string;
  readonly curve: () => Curve | undefined;
  readonly changed: ReadonlySignal<unknown>;
  readonly isLog?: boolean;
  readonly colour: string;
  /** What stands at the end of its title. */
  readonly children?: ComponentChildren;
}) {
  const { title, curve, changed, isLog = false, colour } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const said = useSignal('');
  const under = useSignal('');
  const { Draw, why } = library.value;

  useEffect(() => {
    const element = place.current;
    if (element === null || Draw === undefined) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new Draw(
        optionsOf(isLog, canvasColour(colour), element.clientWidth, (text) => {
          under.value = text;
        }),
        dataOf(curve(), isLog),
        element,
      );
    };
    const stop = theme.subscribe(draw);
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0) plot.current?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    resized.observe(element);
    return () => {
      stop();
      resized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [isLog, colour, curve, under, Draw]);

  useSignalEffect(() => {
    void changed.value;
    const [steps, raw, smooth] = curve()?.series() ?? [[], [], []];
    plot.current?.setData(dataOf(curve(), isLog));
    const last = smooth.at(-1);
    said.value =
      last === undefined
        ? `${title}: no step yet.`
        : `${title} over ${numberText(steps.at(-1) ?? 0)} steps: from ${numberText(raw[0] ?? 0)} to ${numberText(last)}.`;
  });

  return (
    <figure class="plot">
      <figcaption>
        <span>{title}</span>
        <span class="soft mono">{under}</span>
        {props.children}
      </figcaption>
      {why === undefined ? (
        <div ref={place} role="img" aria-label={said} style={{ height: `${HEIGHT}px` }} />
      ) : (
        <p class="plot-empty soft">
          {said} Curves cannot be drawn here: {why}.
        </p>
      )}
    </figure>
  );
}

function dataOf(curve: Curve | undefined, isLog: boolean): uPlot.AlignedData {
  const [steps, raw, smooth] = curve?.series() ?? [[], [], []];
  const shown = (values: readonly number[]): (number | null)[] =>
    values.map((value) => (Number.isFinite(value) && (!isLog || value > 0) ? value : null));
  return [steps, shown(raw), shown(smooth)];
}

function optionsOf(
  isLog: boolean,
  colour: string,
  width: number,
  say: (text: string) => void,
): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: canvasColour('var(--ink-soft)'),
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: canvasColour('var(--line)'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    // The last number under the axis is as wide as `50,000`.
    padding: [8, 20, 0, 0],
    cursor: { y: false, drag: { setScale: false }, points: { size: 6 } },
    scales: { x: { time: false }, y: isLog ? { distr: 3 } : {} },
    axes: [
      { ...axis, size: 26, values: (_, ticks) => ticks.map(numberText) },
      {
        ...axis,
        size: 46,
        values: (_, ticks) => ticks.map((tick: number | null) => (tick === null ? '' : numberText(tick))),
      },
    ],
    series: [
      {},
      { stroke: `color-mix(in srgb, ${colour} 38%, transparent)`, width: 1, points: { show: false } },
      // One measurement has no line yet.
      { stroke: colour, width: 2, points: { show: ({ data }) => data[0].length < 3 } },
    ],
    hooks: {
      setCursor: [
        ({ cursor, data }) => {
          const at = cursor.idx;
          const value = at == null ? undefined : data[2]?.[at];
          say(value == null ? '' : `step ${numberText(data[0][at ?? 0] ?? 0)}: ${numberText(value)}`);
        },
      ],
    },
  };
}
