import type { Callback } from '../callback.ts';
import { csvCells, csvHeader, namesOf } from '../history.ts';
import { Log, type LogWriter } from './logWriter.ts';

/**
 * Writes a line for each epoch, under a line of names, as RFC 4180 has it. Columns are the values of the first epoch.
 *
 * ```ts
 * callbacks.csvLog(fileLog('training.csv'))
 * ```
 *
 * @throws InputError `type` for what is not a writer
 */
export function csvLog(writer: LogWriter<string>): Callback {
  const log = new Log(writer);
  return {
    name: 'csvLog',
    onTrainBegin: () => log.begin(),
    onEpochEnd: async (record, { history }) => {
      const names = namesOf(history.epochs[0] ?? record);
      const lines = log.isEmpty ? [csvHeader(names), csvCells(record, names)] : [csvCells(record, names)];
      await log.write(lines.map((cells) => `${cells.join(',')}\r\n`).join(''));
    },
    onTrainEnd: () => log.end(),
    reset: () => log.reset(),
    state: () => log.state(),
    restore: (state) => log.restore(state),
  };
}
