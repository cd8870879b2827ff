import type { Signal } from '@preact/signals';
import type { Look } from '../../src/inspect/look.ts';
import { Figure } from './figure.tsx';
import { bytesText, countText, flopsText, microsText, millisText } from './figures.ts';
import type { Selection } from './selection.ts';
import { ThemeSwitch } from './themeSwitch.tsx';

/** What is looked at: the model, its target, the entry that is shown, and its key figures. */
export function Header({
  looks,
  look,
  selection,
}: {
  readonly looks: readonly Look[];
  readonly look: Signal<Look>;
  readonly selection: Selection;
}) {
  const { report, entries, milliseconds } = look.value;
  return (
    <header class="header">
      <div class="title">
        <h1>{report.name}</h1>
        <p class="soft">
          compiled for <b>{report.target === 'wasm' ? 'WebAssembly' : 'WebGPU'}</b>
          {' · '}
          <span title={report.machine.about}>{report.machine.name}</span>
          {` · in ${millisText(milliseconds)}`}
        </p>
      </div>
      <div class="choices">
        {looks.length > 1 && (
          <label class="choice">
            <span>Report</span>
            <select
              class="select"
              value={String(looks.indexOf(look.value))}
              onChange={(event) => {
                look.value = looks[Number(event.currentTarget.value)] ?? look.value;
              }}
            >
              {looks.map((one, i) => (
                <option key={nameOf(one, i)} value={String(i)}>
                  {nameOf(one, i)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label class="choice">
          <span>Entry</span>
          <select
            class="select"
            value={selection.entry.value}
            onChange={(event) => {
              selection.entry.value = event.currentTarget.value;
            }}
          >
            {Object.keys(entries).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <ThemeSwitch />
      </div>
      <Figures look={look.value} entry={selection.entry.value} />
    </header>
  );
}

function nameOf({ report }: Look, i: number): string {
  return `${i === 0 ? 'this' : 'other'}: ${report.name}, ${report.target}`;
}

/** The key figures of an entry's step. */
function Figures({ look, entry }: { readonly look: Look; readonly entry: string }) {
  const { report } = look;
  const step = report.entries[entry];
  if (step === undefined) return null;
  return (
    <dl class="figures">
      <Figure name="dispatches" value={countText(step.dispatches.length)} hint="kernels that a step runs" />
      <Figure
        name="predicted"
        value={microsText(step.predictedMicros)}
        hint="of a step, by the model of time, dispatches included"
      />
      <Figure
        name="peak memory"
        value={bytesText(report.peakBytes)}
        hint={`at least ${bytesText(report.lowerBoundBytes)} for any plan`}
        aside={`bound ${bytesText(report.lowerBoundBytes)}`}
      />
      <Figure name="work" value={flopsText(step.flops)} hint="floating-point operations of a step" />
      <Figure name="traffic" value={bytesText(step.bytes)} hint="bytes that a step reads and writes" />
    </dl>
  );
}
