import { InputError } from '../../runtime/issues.ts';
import type { Callback } from '../callback.ts';
import { countIn, Monitor, type MonitorOptions, memberOf, requireNumber } from './monitor.ts';

/** When training stops by itself. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without a better value after which it stops; 5 by default. */
  readonly patience?: number;
  /** Whether the session is as it was at the end of the best epoch when training ends, however it ends; false by default. */
  readonly restoreBest?: boolean;
}

/**
 * Stops training once the monitored value has not become better for some epochs (Prechelt 1998).
 *
 * @throws InputError `range` for options that cannot be; while it trains `unknown` for a value that epochs do not have
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const { patience = 5, restoreBest = false } = options;
  requireNumber('patience', patience, 0);
  const monitor = new Monitor(options);
  let waited = 0;
  let bestEpoch = 0;
  return {
    name: NAME,
    onEpochEnd: async (record, run) => {
      if (monitor.improves(record)) {
        waited = 0;
        bestEpoch = record.epoch;
        if (restoreBest) await run.keep(NAME, await run.session.save());
        return;
      }
      if (++waited < patience) return;
      const best = monitor.best === undefined ? 'no number' : String(monitor.best);
      run.stop(
        `${monitor.nameIn(record)} has not been better than ${best}, of epoch ${bestEpoch}, for ${waited} epochs`,
      );
    },
    onTrainEnd: async ({ last }, run) => {
      if (!restoreBest || bestEpoch === 0 || last?.epoch === bestEpoch) return;
      const best = await run.kept(NAME);
      if (best === undefined)
        throw new InputError(
          'missing',
          'checkpoint',
          `the states of epoch ${bestEpoch} lie beside the checkpoint: give its store`,
        );
      await run.session.load(best);
    },
    state: () => ({ waited, bestEpoch, best: monitor.state() }),
    restore: (state) => {
      waited = countIn(state, 'waited');
      bestEpoch = countIn(state, 'bestEpoch');
      monitor.restore(memberOf(state, 'best'));
    },
  };
}

const NAME = 'earlyStopping';
