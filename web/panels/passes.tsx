import { useSignal } from '@preact/signals';
import type { LookPass } from '../../src/inspect/look.ts';
import './charts.css';
import { countOf, countText, millisText, percentText } from './figures.ts';
import { FoldHead } from './foldHead.tsx';
import { type PassStep, passSteps } from './passSteps.ts';
import type { PanelProps } from './selection.ts';
import { TextChange } from './textChange.tsx';
import { passWords } from './words.ts';

/** The passes in their order: what each took, and what it made of the text before it. */
export function Passes({ look, selection }: PanelProps) {
  const all = useSignal(false);
  const entry = selection.entry.value;
  const steps = passSteps(look.passes).filter(
    ({ pass }) => all.value || pass.entry === undefined || pass.entry === entry,
  );
  const total = look.passes.reduce((sum, pass) => sum + timeOf(pass), 0);
  const verifying = look.passes.reduce((sum, pass) => sum + pass.verifying, 0);
  const longest = look.passes.reduce((most, pass) => Math.max(most, timeOf(pass)), Number.MIN_VALUE);
  return (
    <section class="card passes">
      <div class="section-head">
        <h2>Passes</h2>
        <p class="soft">
          {countOf(look.passes.length, 'part')} of a compilation that took {millisText(look.milliseconds)}:{' '}
          {millisText(total - verifying)} to run, {millisText(verifying)} to verify what each gave (
          {percentText(verifying / Math.max(total, Number.MIN_VALUE))}). Open one for its text before and
          after.
        </p>
        <div class="chart-tools">
          <label class="choice">
            <input
              type="checkbox"
              checked={all.value}
              onChange={(event) => {
                all.value = event.currentTarget.checked;
              }}
            />
            those of other entries too
          </label>
          <ul class="chart-legend" aria-label="Bars">
            <li>
              <span class="swatch ground-forward" /> running
            </li>
            <li>
              <span class="swatch ground-verify" /> verifying
            </li>
          </ul>
        </div>
      </div>
      <ol class="pass-list">
        {steps.map((step) => (
          <Step key={`${step.pass.entry ?? ''} ${step.pass.name}`} step={step} longest={longest} />
        ))}
      </ol>
    </section>
  );
}

function Step({ step, longest }: { readonly step: PassStep; readonly longest: number }) {
  const isOpen = useSignal(false);
  const { pass, before, isUnchanged } = step;
  const hasText = pass.text !== undefined;
  const words = passWords[pass.name];
  const head = (
    <>
      <span class="pass-name">{pass.name}</span>
      {pass.entry !== undefined && <span class="tag">{pass.entry}</span>}
      {pass.level !== undefined && <span class="tag level">{pass.level}</span>}
      {isUnchanged && <span class="tag unchanged">unchanged</span>}
      {pass.characters !== undefined && (
        <span class="tag unchanged">{countText(pass.characters)} characters, not kept</span>
      )}
      <span class="pass-time">
        <span class="pass-bar" aria-hidden="true">
          <span
            class="ground-forward"
            style={{ width: `${((100 * pass.milliseconds) / longest).toFixed(2)}%` }}
          />
          <span
            class="ground-verify"
            style={{ width: `${((100 * pass.verifying) / longest).toFixed(2)}%` }}
          />
        </span>
        <span class="pass-figure">
          {millisText(pass.milliseconds)} <span class="soft">+ {millisText(pass.verifying)}</span>
        </span>
      </span>
    </>
  );
  return (
    <li class={`pass ${isUnchanged ? 'is-unchanged' : ''}`}>
      {hasText ? (
        <FoldHead isOpen={isOpen}>{head}</FoldHead>
      ) : (
        <div class="pass-head">
          <span class="chevron" aria-hidden="true" />
          {head}
        </div>
      )}
      {words !== undefined && <p class="pass-words soft">{words}</p>}
      {isOpen.value && before?.characters !== undefined && (
        <p class="pass-words soft">
          The text of {before.name}, which came before, is too long to be kept: {countText(before.characters)}{' '}
          characters. <code>sinter inspect --after {before.name}</code> prints it.
        </p>
      )}
      {isOpen.value && pass.text !== undefined && (
        <TextChange
          before={before?.text ?? ''}
          after={pass.text}
          beforeName={before === undefined ? 'nothing' : before.name}
          afterName={pass.name}
          isSameLanguage={before !== undefined && before.level === pass.level}
        />
      )}
    </li>
  );
}

function timeOf({ milliseconds, verifying }: LookPass): number {
  return milliseconds + verifying;
}
