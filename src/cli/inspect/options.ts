import type { OptionalPass } from '../../compile.ts';
import type { Traced } from '../../trace.ts';
import type { HtmlOptions } from '../html/options.ts';
import type { AskedTarget, ModelOptions } from '../modelCommand.ts';

/** What `sinter inspect` was asked for. */
export interface InspectOptions extends ModelOptions, HtmlOptions {
  readonly target: AskedTarget;
  readonly entry?: string;
  readonly code?: string | true;
  readonly ir?: Traced['level'];
  readonly after?: string;
  readonly explain?: readonly string[];
  readonly timings?: true;
  readonly without?: readonly OptionalPass[];
  readonly json?: true;
  readonly verbose?: true;
  readonly quiet?: true;
  readonly expect?: readonly string[];
}

/** Levels that `--ir` prints. */
export const levels = [
  'graph',
  'loops',
  'groups',
  'stages',
  'kernels',
  'evaluated',
  'functions',
] as const satisfies Traced['level'][];
