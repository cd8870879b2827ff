import { unfit } from '../../runtime/issues.ts';
import { withMetadata } from '../../weights/metadata.ts';
import type { Store } from '../../weights/store.ts';
import type { Callback } from '../callback.ts';
import { requireStore } from '../checkpoints.ts';
import { knownOptions } from '../known.ts';
import { Monitor, type MonitorOptions, monitorOptions } from './monitor.ts';

/** Where the best epoch is kept. */
export interface BestCheckpointOptions extends MonitorOptions {
  readonly store: Store;
  /** `best.safetensors` by default. */
  readonly name?: string;
}

/**
 * Keeps the session as it is after the best epoch so far, as `session.save()` gives it; its text `sinter.best` says which epoch
 * that was, and the value.
 *
 * @throws InputError `unknown`, `type`, `range`, `missing` for options that cannot be; while it trains `unknown` for a value that epochs do not have, and what
 *   the store throws
 */
export function bestCheckpoint(given: BestCheckpointOptions): Callback {
  const options = knownOptions('options', given, [...monitorOptions, 'store', 'name']);
  const { store, name = 'best.safetensors' } = options;
  requireStore('store', store);
  if (typeof name !== 'string') unfit('type', 'name', 'a text', name);
  const monitor = new Monitor(options);
  return {
    name: `bestCheckpoint ${name}`,
    onEpochEnd: async (record, { session }) => {
      if (!monitor.improves(record)) return;
      const best = { epoch: record.epoch, monitor: monitor.nameIn(record), value: monitor.best };
      await store.write(name, withMetadata(await session.save(), { 'sinter.best': JSON.stringify(best) }));
    },
    reset: () => monitor.reset(),
    state: () => monitor.state(),
    restore: (state) => monitor.restore(state),
  };
}
