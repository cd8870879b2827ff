import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Look } from '../../src/inspect/look.ts';
import { Code } from './code.tsx';
import { microsText } from './figures.ts';
import { linesOf } from './litLines.ts';
import { More, usePaged } from './paged.tsx';
import { DispatchMark } from './picks.tsx';
import { type Places, placesOf } from './places.ts';
import { pick } from './select.ts';
import type { PanelProps, Picked, Selection } from './selection.ts';

/** Dispatches that are listed at first, and more each time. */
const PAGE = 120;

/** The dispatches of a step with what they compute, and the code of one kernel. */
export function Kernel({ look, selection }: PanelProps) {
  const places = placesOf(look, selection.entry.value);
  const shown = useSignal(places.report.kernels[0]?.name ?? '');
  useSignalEffect(() => {
    const { report } = placesOf(look, selection.entry.value);
    const { picked, lit } = selection;
    const asked = picked.value?.kind === 'code' ? picked.value.kernel : undefined;
    const lighted = [...lit.value.dispatches].map((k) => report.dispatches[k]?.kernel);
    if (asked !== undefined) shown.value = asked;
    else if (lighted.length > 0 && !lighted.includes(shown.peek())) shown.value = lighted[0] ?? shown.peek();
  });
  const kernel = places.report.kernels.find(({ name }) => name === shown.value) ?? places.report.kernels[0];
  const name = kernel?.name ?? '';
  const marks = useMemo(() => marksOf(look, places, name), [look, places, name]);
  const { lit, picked, second } = selection;
  const lines = useMemo(
    () =>
      linesOf(lit.value.code.get(name), marks, {
        picked: lineIn(picked.value, name),
        second: lineIn(second.value, name),
      }),
    [lit.value, picked.value, second.value, marks, name],
  );
  return (
    <>
      <Steps places={places} selection={selection} shown={name} />
      {kernel !== undefined && (
        <Code
          text={kernel.code}
          language={kernel.language}
          isHeaderFolded
          label={`Kernel ${name}, ${kernel.language}: Enter picks a line`}
          lines={lines}
          onPick={(line, event) => pick(selection, { kind: 'code', kernel: name, line }, event)}
        />
      )}
    </>
  );
}

/** The dispatches in order, each with its first formula and its part of the time. */
function Steps({
  places,
  selection,
  shown,
}: {
  readonly places: Places;
  readonly selection: Selection;
  readonly shown: string;
}) {
  const { entry, report } = places;
  const lit = selection.lit.value.dispatches;
  const paged = usePaged(report.dispatches, PAGE, firstOf(lit));
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const first = list.current?.querySelector('.lit');
    if (list.current === null || !(first instanceof HTMLElement)) return;
    const { scrollTop, clientHeight } = list.current;
    const top = first.offsetTop - list.current.offsetTop;
    const isInSight = top >= scrollTop && top + first.offsetHeight <= scrollTop + clientHeight;
    if (!isInSight) list.current.scrollTop = top - clientHeight / 4;
  }, [lit]);
  return (
    <ol class="steps" ref={list} aria-label="Dispatches of a step">
      {paged.shown.map(({ name, kernel, predicted }, k) => {
        const { formulas = [], role = 'forward', timeShare = 0 } = entry.dispatches[k] ?? {};
        return (
          <li key={name}>
            <button
              type="button"
              class={`step${lit.has(k) ? ' lit' : ''}`}
              aria-current={kernel === shown ? 'true' : undefined}
              onClick={(event) => pick(selection, { kind: 'dispatch', dispatch: k }, event)}
              title={formulas.map(({ text }) => text).join('\n')}
            >
              <DispatchMark dispatch={k} />
              <span class="step-name">{name}</span>
              <span class="step-time">{microsText(predicted.micros)}</span>
              <span class={`step-bar role-${role}`} aria-hidden="true">
                <i style={{ width: `${100 * timeShare}%` }} />
              </span>
              <span class="step-formula">{formulas[0]?.text}</span>
            </button>
          </li>
        );
      })}
      {paged.left > 0 && (
        <li>
          <More paged={paged} noun="dispatches" />
        </li>
      )}
    </ol>
  );
}

/** The least of some dispatches; 0 where there are none. */
function firstOf(dispatches: ReadonlySet<number>): number {
  return dispatches.size === 0 ? 0 : Math.min(...dispatches);
}

/** For each line of a kernel the dispatches that run it, where the line computes a loop. */
function marksOf(look: Look, places: Places, kernel: string): ReadonlyMap<number, readonly number[]> {
  const dispatches = places.dispatchesOfKernel.get(kernel) ?? [];
  const marks = new Map<number, readonly number[]>();
  for (const { from, to } of look.kernels[kernel]?.spans ?? [])
    for (let line = from; line <= to; line++) marks.set(line, dispatches);
  return marks;
}

function lineIn(picked: Picked | undefined, kernel: string): number | undefined {
  return picked?.kind === 'code' && picked.kernel === kernel ? picked.line : undefined;
}
