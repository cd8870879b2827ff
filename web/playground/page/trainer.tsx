import { useComputed, useSignal } from '@preact/signals';
import { useCallback } from 'preact/hooks';
import { Figure } from '../../panels/figure.tsx';
import { microsText } from '../../panels/figures.ts';
import type { Desk } from './desk.ts';
import { numberText, percentText } from './figures.ts';
import { Pad } from './pad.tsx';
import type { Opened, Player } from './player.ts';
import { PATIENCE } from './player.ts';
import { Plot } from './plot.tsx';
import { Scalars } from './scalars.tsx';
import { Bars, Views } from './views.tsx';
import { DropPlace, WeightButtons } from './weights.tsx';

/** What trains: its buttons, its numbers, its curves, and what is to be seen of it. */
export function Trainer({ desk, player }: { readonly desk: Desk; readonly player: Player }) {
  const opened = player.opened.value;
  return (
    <DropPlace player={player}>
      <div class="trainer">
        <Controls desk={desk} player={player} />
        {opened === undefined ? null : <Training player={player} opened={opened} />}
      </div>
    </DropPlace>
  );
}

function Controls({ desk, player }: { readonly desk: Desk; readonly player: Player }) {
  const opened = player.opened.value;
  return (
    <section class="controls card" aria-label="Training">
      <div class="controls-row">
        <TrainButton player={player} />
        {opened !== undefined && <Device opened={opened} />}
        {opened !== undefined && <WeightButtons player={player} />}
      </div>
      <Progress player={player} />
      {opened === undefined && player.progress.value === undefined && (
        <p class="soft">
          {desk.waiting.value === undefined
            ? 'No model runs. Mend what is wrong with it, and it will.'
            : 'The model waits for your word.'}
        </p>
      )}
      {opened !== undefined && (
        <>
          {opened.note !== undefined && <p class="note">{opened.note}</p>}
          <FiguresRow player={player} opened={opened} />
          <Scalars key={player.goodSource.value} player={player} opened={opened} />
        </>
      )}
    </section>
  );
}

/** The button that trains, and pauses. */
export function TrainButton({ player }: { readonly player: Player }) {
  const isRunning = player.running.value;
  return (
    <button
      type="button"
      class="button primary big"
      disabled={player.opened.value === undefined}
      onClick={() => (isRunning ? player.pause() : player.train())}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={isRunning ? 'M3 2h4v12H3zM9 2h4v12H9z' : 'M3.5 1.5v13l10-6.5z'} fill="currentColor" />
      </svg>
      {isRunning ? 'Pause' : 'Train'}
    </button>
  );
}

function Device({ opened }: { readonly opened: Opened }) {
  return (
    <p class="device">
      <b>{opened.target === 'webgpu' ? 'WebGPU' : 'WebAssembly'}</b>
      <span class="soft">{opened.device}</span>
    </p>
  );
}

/** A compilation or a download that goes on, and a way out of one that does not. */
function Progress({ player }: { readonly player: Player }) {
  const progress = player.progress.value;
  const silence = player.silence.value;
  if (progress === undefined && silence < 4) return null;
  const doing = progress?.doing ?? 'Waiting for the training';
  return (
    <div class="progress">
      <label>
        <span>
          {doing}
          {silence >= 4 && ` – no word for ${silence} s; ended at ${PATIENCE} s`}
        </span>
        <progress value={progress?.part} max={1} />
      </label>
      {silence >= 4 && (
        <button type="button" class="button" onClick={() => player.stop()}>
          Stop
        </button>
      )}
    </div>
  );
}

function FiguresRow({ player, opened }: { readonly player: Player; readonly opened: Opened }) {
  const { step, epoch, loss, metrics, stepsPerSecond, measuredMicros } = player.figures.value;
  const { name, about = name } = opened.look.report.machine;
  const dispatches = opened.look.report.entries[opened.entry]?.dispatches.length;
  return (
    <dl class="figures">
      <Figure name="step" value={numberText(step)} />
      <Figure name="epoch" value={numberText(epoch)} />
      <Figure name="loss" value={Number.isNaN(loss) ? '–' : numberText(loss)} />
      {Object.entries(metrics).map(([name, value]) => (
        <Figure
          key={name}
          name={name}
          value={name.includes('accuracy') ? percentText(value) : numberText(value)}
        />
      ))}
      <Figure
        name="steps a second"
        value={
          stepsPerSecond === 0
            ? '–'
            : numberText(stepsPerSecond < 10 ? stepsPerSecond : Math.round(stepsPerSecond))
        }
      />
      <Figure name="dispatches a step" value={dispatches === undefined ? '–' : numberText(dispatches)} />
      <Figure
        name="time of a step"
        value={measuredMicros > 0 ? microsText(measuredMicros) : '–'}
        aside={`predicted ${microsText(opened.predictedMicros)} on ${about}`}
      />
    </dl>
  );
}

function Training({ player, opened }: { readonly player: Player; readonly opened: Opened }) {
  const views = [...player.views.value.values()];
  const isDrawn = opened.tries === 'digit';
  const answers = isDrawn ? views.filter((view) => view.kind === 'bars') : [];
  const others = isDrawn ? views.filter((view) => view.kind !== 'bars') : views;
  return (
    <>
      <Curves player={player} />
      {isDrawn && (
        <div class="digit">
          <Pad player={player} />
          {answers.map((view) => (
            <section key={view.title} class="answers card">
              <h3>{view.title}</h3>
              <Bars view={view} />
            </section>
          ))}
          {answers.length === 0 && (
            <p class="answers answers-empty card soft">
              What the network takes your digit for will stand here.
            </p>
          )}
        </div>
      )}
      {opened.tries === 'text' && <Beginning player={player} />}
      <Views views={others} />
    </>
  );
}

function Curves({ player }: { readonly player: Player }) {
  const isLog = useSignal(false);
  const names = useComputed(() => {
    void player.figures.value;
    return [...player.metrics.keys()].join('\n');
  });
  const loss = useCallback(() => player.loss, [player]);
  const isEmpty = useComputed(() => player.figures.value.losses === 0);
  if (isEmpty.value) {
    return (
      <section class="curves card" aria-label="Loss and metrics">
        <h3 class="visually-hidden">Loss</h3>
        <p class="plot-empty soft">The loss is drawn here once the model trains.</p>
      </section>
    );
  }
  return (
    <section class="curves card" aria-label="Loss and metrics">
      <Plot title="Loss" curve={loss} changed={player.figures} isLog={isLog.value} colour="var(--forward)">
        <label class="log-switch">
          <input
            type="checkbox"
            checked={isLog.value}
            onChange={({ currentTarget }) => {
              isLog.value = currentTarget.checked;
            }}
          />
          Log scale
        </label>
      </Plot>
      {names.value
        .split('\n')
        .filter((name) => name !== '')
        .map((name) => (
          <Metric key={name} player={player} name={name} />
        ))}
    </section>
  );
}

function Metric({ player, name }: { readonly player: Player; readonly name: string }) {
  const curve = useCallback(() => player.metrics.get(name), [player, name]);
  return (
    <Plot
      title={name.charAt(0).toUpperCase() + name.slice(1)}
      curve={curve}
      changed={player.figures}
      colour="var(--update)"
    />
  );
}

/** The beginning of a text, which the network writes on. */
function Beginning({ player }: { readonly player: Player }) {
  const text = useSignal('');
  return (
    <form
      class="beginning card"
      onSubmit={(event) => {
        event.preventDefault();
        player.attempt({ text: text.value });
      }}
    >
      <label for="beginning">Begin a text</label>
      <div>
        <input
          id="beginning"
          class="field"
          maxLength={200}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
        <button type="submit" class="button">
          Write on
        </button>
      </div>
    </form>
  );
}
