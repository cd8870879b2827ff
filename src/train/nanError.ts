import { TrainingError } from '../runtime/issues.ts';
import type { NanOrigin } from './suspect.ts';

/** The place of a step: `step` of an epoch, both counted from 1. */
export interface Place {
  readonly epoch: number;
  readonly step: number;
}

/** Where in a training a NaN began. */
export interface Begin extends Place {
  readonly origin: NanOrigin;
}

/** Training met a NaN, and fit has looked for where it began. */
export class NanError extends TrainingError {
  /** The first node with a NaN, or with the infinity that it was made of; undefined where it was not found. */
  readonly origin: NanOrigin | undefined;

  /**
   * @param found where it began, or why that is not known
   * @param cause what ended the search, where something failed
   */
  constructor(error: TrainingError, found: Begin | string, cause: unknown = error) {
    super(error.entry, error.output, error.epoch, error.step);
    this.origin = typeof found === 'string' ? undefined : found.origin;
    const where = `${error.entry}: ${error.output} is NaN in epoch ${error.epoch}, step ${error.step}`;
    if (typeof found === 'string') this.message = `${this.message} (${found})`;
    else {
      const { node, source, text } = found.origin;
      const place = source === undefined ? node : `${node}  at ${source}`;
      this.message = `${where}; the first is in epoch ${found.epoch}, step ${found.step}: ${place}: ${text}; a lower learning rate may help, or onNaN: 'continue'`;
    }
    this.cause = cause;
  }
}
