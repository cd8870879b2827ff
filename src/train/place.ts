import { FormatError } from '../runtime/index.ts';
import { check } from '../runtime/shape.ts';
import type { StreamPlace } from './feed.ts';
import type { FitEpoch } from './history.ts';
import type { ScalarsState } from './scalars.ts';

/** Where a fit stands, beside what the session knows itself: what a checkpoint keeps. */
export interface FitPlace {
  readonly entry: string;
  /** Epochs that are done. */
  readonly epochs: readonly FitEpoch[];
  /** Why it stopped by itself; empty where it did not. */
  readonly stopped: string;
  /** Whether a step of it is done. */
  readonly isBegun: boolean;
  /** What the training of the epoch after them came to, where only its validation is left. */
  readonly trained: FitEpoch | null;
  /** Steps of all epochs, and those of the epoch after them. */
  readonly totalSteps: number;
  readonly steps: number;
  /** Seconds that these took. */
  readonly seconds: number;
  readonly scalars: ScalarsState;
  /** Where the stream of the epoch stands; null of data that lie on the device. */
  readonly stream: StreamPlace | null;
  /** States of callbacks, each as JSON, by their names. */
  readonly callbacks: Readonly<Record<string, string>>;
}

/** A place as a text. */
export function encodePlace(place: FitPlace): string {
  return JSON.stringify({ format: 1, ...place }, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? `#${value}` : value,
  );
}

/** What `encodePlace` gave. @throws FormatError `saved` */
export function decodePlace(text: string): FitPlace {
  let place: unknown;
  try {
    place = JSON.parse(text, (_, value) =>
      typeof value === 'string' && /^#(NaN|-?Infinity)$/.test(value) ? Number(value.slice(1)) : value,
    );
  } catch (cause) {
    throw new FormatError('saved', 'saved: the place of the fit is not JSON', { cause });
  }
  requirePlace(place);
  return place;
}

const numbers = { '*': 'number' } as const;

const epoch = {
  epoch: 'count',
  steps: 'count',
  samples: 'count',
  loss: 'number',
  scalars: numbers,
  params: numbers,
  seconds: 'number',
} as const;

function requirePlace(value: unknown): asserts value is FitPlace {
  check(
    value,
    {
      format: 2,
      entry: 'string',
      epochs: [epoch],
      stopped: 'string',
      isBegun: 'boolean',
      totalSteps: 'count',
      steps: 'count',
      seconds: 'number',
      scalars: { changes: { '*': { factor: 'number' } }, last: numbers },
      callbacks: { '*': 'string' },
    },
    'saved.fit',
  );
  const { trained, stream, epochs }: Readonly<Record<string, unknown>> = { ...Object(value) };
  if (trained !== null) check(trained, epoch, 'saved.fit.trained');
  if (stream !== null) {
    const sums = { samples: 'count', sums: { '*': 'string' } } as const;
    check(stream, { first: 'count', step: 'count', sums }, 'saved.fit.stream');
  }
  for (const [k, one] of Object.entries(Object(epochs))) {
    const { validation }: { readonly validation?: unknown } = Object(one);
    const validated = { samples: 'count', loss: 'number', scalars: numbers, seconds: 'number' } as const;
    if (validation !== undefined) check(validation, validated, `saved.fit.epochs[${k}].validation`);
  }
}
