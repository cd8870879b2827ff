import { InputError } from '../../runtime/issues.ts';
import { checkOption } from '../../runtime/options.ts';
import type { Callback, FitRun } from '../callback.ts';
import { knownOptions } from '../known.ts';
import { countIn, Monitor, type MonitorOptions, memberOf, monitorOptions, requireCount } from './monitor.ts';

/** When training stops by itself. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without a better value after which it stops; 5 by default. */
  readonly patience?: number;
  /**
   * Whether the session is as it was at the end of the best epoch when training ends, however it ends: also by a signal, in the
   * middle of an epoch, or where training fails; false by default.
   */
  readonly restoreBest?: boolean;
}

/**
 * Stops training once the monitored value has not become better for some epochs (Prechelt 1998).
 *
 * @throws InputError `unknown`, `type`, `range`, `missing` for options that cannot be; while it trains `unknown` for a value that
 *   epochs do not have, `missing` where the best states are not kept beside the checkpoint that is resumed
 */
export function earlyStopping(given: EarlyStoppingOptions = {}): Callback {
  const options = knownOptions('options', given, [...monitorOptions, 'patience', 'restoreBest']);
  const { patience = 5, restoreBest = false } = options;
  requireCount('patience', patience);
  checkOption('restoreBest', restoreBest, [true, false]);
  const monitor = new Monitor(options);
  let waited = 0;
  let bestEpoch = 0;
  const bestStates = async (run: FitRun): Promise<Uint8Array> => {
    const best = await run.kept(NAME);
    if (best !== undefined) return best;
    const text = `the states of epoch ${bestEpoch} lie beside the checkpoint: give its store`;
    throw new InputError('missing', 'checkpoint', text);
  };
  return {
    name: NAME,
    onTrainBegin: async (run) => {
      // Refused before the first step, not after the last.
      if (restoreBest && bestEpoch > 0) await bestStates(run);
    },
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
    onTrainEnd: async (_, run) => {
      // Steps may have been taken since, whatever the last epoch is that ended.
      if (restoreBest && bestEpoch > 0) await run.session.load(await bestStates(run));
    },
    reset: () => {
      waited = 0;
      bestEpoch = 0;
      monitor.reset();
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
