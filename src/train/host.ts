import type { Bare } from './bare.ts';
import type { Callback } from './callback.ts';
import type { OriginOf } from './suspect.ts';

/** What hears that the process is asked to end. */
export interface ProcessSignals {
  readonly signal: AbortSignal;
  /** Says in the signal's reason where training stood: `in epoch 2 after step 31`. */
  stoppedAt(place: string): void;
  dispose(): void;
}

/** What a fit finds around it: what a door knows beside the session that it started. Nothing beside a bare runtime. */
export interface Host {
  /** Whether an entry updates states: a program does not say, a module does. */
  readonly hasUpdates?: (entry: string) => boolean;
  /** What shows how far a fit is: where there is a terminal, or where somebody asks for it. */
  readonly progress?: (isAsked: boolean) => Promise<Callback | undefined>;
  /** Where the NaN of a step begins: a program does not say, a module does. */
  readonly originOf?: OriginOf;
  /** What the session's `save` and `load` are below the checksum: a checkpoint gets its own, and what stays in memory needs none. */
  readonly bare?: Bare;
  /** Aborts when the process is asked to end. */
  readonly signals?: () => Promise<ProcessSignals>;
}
