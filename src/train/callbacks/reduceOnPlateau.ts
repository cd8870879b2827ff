import { unfit } from '../../runtime/issues.ts';
import type { Callback } from '../callback.ts';
import { knownOptions } from '../known.ts';
import {
  countIn,
  Monitor,
  type MonitorOptions,
  memberOf,
  monitorOptions,
  requireCount,
  requireNumber,
} from './monitor.ts';

/** When a learning rate falls. */
export interface ReduceOnPlateauOptions extends MonitorOptions {
  /** The run-time scalar that falls; `lr` by default. */
  readonly scalar?: string;
  /** What it is multiplied by, above 0 and below 1; 0.1 by default. */
  readonly factor?: number;
  /** Epochs without a better value after which it falls; 10 by default. */
  readonly patience?: number;
  /** Epochs after it has fallen in which none is counted; 0 by default. */
  readonly cooldown?: number;
  /** What it does not fall below by being multiplied; 0 by default. */
  readonly min?: number;
}

/**
 * Multiplies a run-time scalar, the learning rate, once the monitored value has not become better for some epochs. A schedule
 * that was given as a function is multiplied too.
 *
 * @throws InputError `unknown`, `type`, `range`, `missing` for options that cannot be; while it trains `unknown` for a value that epochs do not have, or a
 *   scalar that the program does not
 */
export function reduceOnPlateau(given: ReduceOnPlateauOptions = {}): Callback {
  const own = ['scalar', 'factor', 'patience', 'cooldown', 'min'];
  const options = knownOptions('options', given, [...monitorOptions, ...own]);
  const { scalar = 'lr', factor = 0.1, patience = 10, cooldown = 0, min = 0 } = options;
  if (!(typeof factor === 'number' && factor > 0 && factor < 1))
    unfit('range', 'factor', 'a number above 0 and below 1', factor);
  requireCount('patience', patience);
  requireCount('cooldown', cooldown);
  requireNumber('min', min, 0);
  const monitor = new Monitor(options);
  let waited = 0;
  let cooling = 0;
  return {
    name: `reduceOnPlateau ${scalar}`,
    onTrainBegin: (run) => {
      // Refused before the first step, not after the last.
      run.scalar(scalar);
    },
    onEpochEnd: (record, run) => {
      const isBetter = monitor.improves(record);
      if (isBetter || cooling > 0) waited = 0;
      if (cooling > 0) cooling--;
      else if (!isBetter) waited++;
      if (waited === 0 || waited < patience) return;
      waited = 0;
      cooling = cooldown;
      run.scaleScalar(scalar, factor, min);
    },
    reset: () => {
      waited = 0;
      cooling = 0;
      monitor.reset();
    },
    state: () => ({ waited, cooling, best: monitor.state() }),
    restore: (state) => {
      waited = countIn(state, 'waited');
      cooling = countIn(state, 'cooling');
      monitor.restore(memberOf(state, 'best'));
    },
  };
}
