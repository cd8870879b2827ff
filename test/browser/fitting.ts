import type { Data, Session } from '../../src/runtime/index.ts';
import { callbacks, type FitOptions, fit as fitted } from '../../src/train/index.ts';
import type { Store } from '../../src/weights/index.ts';

/** Rows, and how many a batch has: the last one is short. */
const [ROWS, BATCH] = [61, 8];

/** Rows for the perceptron of the tests of `fit`, the same in every engine: quotients of integers. */
const all = {
  x: Float32Array.from({ length: 4 * ROWS }, (_, k) => ((k * k) % 1009) / 504 - 1),
  y: Int32Array.from({ length: ROWS }, (_, k) => (k * 7) % 3),
};

async function* batches(): AsyncGenerator<Data> {
  for (let at = 0; at < ROWS; at += BATCH)
    yield { x: all.x.subarray(4 * at, 4 * (at + BATCH)), y: all.y.subarray(at, at + BATCH) };
}

/** What a fit came to, as plain data. */
export interface Fitting {
  readonly losses: readonly number[];
  readonly validated: readonly (number | undefined)[];
  readonly states: readonly number[];
}

/** How it is fitted: out of a stream, or of what lies on the device. */
export type Kind = 'stream' | 'resident';

function optionsOf(kind: Kind): FitOptions {
  return {
    data: kind === 'stream' ? batches : all,
    validation: all,
    epochs: 3,
    stepsPerSubmit: 1,
    progress: false,
  };
}

async function cameTo(session: Session, options: FitOptions): Promise<Fitting> {
  const { epochs } = await fitted(session, options);
  const states: number[] = [];
  for (const { name } of session.program.state) states.push(...(await session.read(name)).data);
  return {
    losses: epochs.map(({ loss }) => loss),
    validated: epochs.map(({ validation }) => validation?.loss),
    states,
  };
}

/** Fits without a stop. */
export async function whole(open: () => Promise<Session>, kind: Kind): Promise<Fitting> {
  const session = await open();
  const result = await cameTo(session, optionsOf(kind));
  session.dispose();
  return result;
}

/**
 * Fits in sessions of which each dies after some submits, in the middle of epochs; a store is all that is left of it.
 *
 * @param show is told how far it is
 */
export async function killed(
  open: () => Promise<Session>,
  kind: Kind,
  store: Store,
  show: (text: string) => void,
): Promise<Fitting> {
  const checkpoint = { store, every: { steps: 2 } };
  for (const life of [3, 7, 11, Number.POSITIVE_INFINITY]) {
    const session = await open();
    let heard = 0;
    const dies = {
      onSteps: () => {
        if (++heard === life) throw new Error('killed');
      },
    };
    const options = {
      ...optionsOf(kind),
      checkpoint,
      resume: true,
      callbacks: [callbacks.progressText(show), dies],
    };
    try {
      return await cameTo(session, options);
    } catch (error) {
      if (!(error instanceof Error && error.message === 'killed')) throw error;
    } finally {
      session.dispose();
    }
  }
  throw new Error('the last life does not end');
}
