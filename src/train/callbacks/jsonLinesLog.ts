import type { Callback } from '../callback.ts';
import { Log, type LogWriter } from './logWriter.ts';

/**
 * Writes each epoch as a line of JSON, as `FitEpoch` has it; what is not a finite number is null.
 *
 * ```ts
 * callbacks.jsonLinesLog(fileLog('training.jsonl'))
 * ```
 *
 * @throws InputError `type` for what is not a writer
 */
export function jsonLinesLog(writer: LogWriter<string>): Callback {
  const log = new Log(writer);
  return {
    name: 'jsonLinesLog',
    onTrainBegin: () => log.begin(),
    onEpochEnd: (record) => log.write(`${JSON.stringify(record)}\n`),
    onTrainEnd: () => log.end(),
    reset: () => log.reset(),
    state: () => log.state(),
    restore: (state) => log.restore(state),
  };
}
