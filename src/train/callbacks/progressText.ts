import type { Callback, FitProgress } from '../callback.ts';
import { type FitEpoch, shownNumber } from '../history.ts';

/** Characters of a bar. */
const BAR = 20;

/**
 * Says in one line how far training is. A page shows it in an element:
 *
 * ```ts
 * callbacks.progressText((text) => { element.textContent = text; })
 * ```
 *
 * @param show is given the line when it changes, and `true` with the last one of an epoch
 */
export function progressText(show: (text: string, isLast: boolean) => void): Callback {
  return {
    onSteps: (progress) => show(stepsLine(progress), false),
    onNaN: ({ output, epoch, step }, { epochs }) =>
      show(`${head(epoch, epochs)}  step ${step}  ${output} is NaN, looking for where it began`, false),
    onEpochEnd: (record, { epochs }) => show(epochLine(record, epochs), true),
  };
}

/** `epoch 2/5  ███████░░░░░░░░░░░░░  164/469  loss 0.3121  right 4120  412 steps/s  1 s left`. */
export function stepsLine({ epoch, epochs, step, steps, loss, scalars, seconds }: FitProgress): string {
  const filled = steps === undefined ? 0 : Math.round((BAR * step) / steps);
  const bar = steps === undefined ? [] : [`${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`];
  const done = steps === undefined ? `step ${step}` : `${step}/${steps}`;
  const rate = step / seconds;
  // A clock may not have moved since the first step began.
  const isKnown = Number.isFinite(rate) && rate > 0;
  const left = isKnown && steps !== undefined ? [`${timeText((steps - step) / rate)} left`] : [];
  return [
    head(epoch, epochs),
    ...bar,
    done,
    ...values(loss, scalars),
    ...(isKnown ? [`${rateText(rate)} steps/s`] : []),
    ...left,
  ].join('  ');
}

/** `epoch 2/5  469 steps  loss 0.2907  val_loss 0.2813  1.1 s`. */
export function epochLine(
  { epoch, steps, loss, scalars, validation, seconds }: FitEpoch,
  epochs: number,
): string {
  const validated =
    validation === undefined ? [] : values(validation.loss, validation.scalars).map((text) => `val_${text}`);
  return [
    head(epoch, epochs),
    `${steps} steps`,
    ...values(loss, scalars),
    ...validated,
    timeText(seconds),
  ].join('  ');
}

const head = (epoch: number, epochs: number): string => `epoch ${epoch}/${epochs}`;

function values(loss: number, scalars: Readonly<Record<string, number>>): string[] {
  const others = Object.entries(scalars).filter(([name]) => name !== 'loss');
  return [['loss', loss] as const, ...others].map(([name, value]) => `${name} ${shownNumber(value)}`);
}

function rateText(rate: number): string {
  return rate < 10 ? rate.toPrecision(2) : rate.toFixed(0);
}

/** `9.9 s`, `59 s`, `1 min 0 s`, `2 h 5 min`: rounded first, so that no minute has 60 seconds. */
export function timeText(seconds: number): string {
  const tenths = Math.round(10 * seconds);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
