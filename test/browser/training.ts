import type { Session } from '../../src/runtime/wasm/index.ts';
import { data } from './data.ts';

/** What training left, as plain data: the loss of each epoch, and the bytes of all states. */
export interface Training {
  readonly losses: readonly number[];
  readonly states: readonly number[];
}

/** The seed of the sessions that are compared. */
export const SEED = 4;

/** Trains for some epochs, in a page or in Node. */
export async function training(session: Session): Promise<Training> {
  const losses: number[] = [];
  for await (const { loss } of session.train({ data, epochs: 5, shuffle: true })) losses.push(loss);
  return { losses, states: [...(await session.save())] };
}
