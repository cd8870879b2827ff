import type { Session } from '../src/index.ts';
import type { Dataset } from '../src/runtime/index.ts';

/** Data for a workload by input name: enough rows for a run. */
export type DataFor = (rows: number) => Readonly<Record<string, ArrayLike<number>>>;

/** Puts the rows of a run where the program reads them: as many as `steps` batches have. */
export async function residentData(session: Session, dataFor: DataFor, steps: number): Promise<Dataset> {
  return session.dataset(dataFor(steps * (session.program.sizes[0]?.max ?? 1)));
}

/**
 * Takes the training steps of some epochs, in the order of the rows: drawing and uploading the order of an
 * epoch is no part of a step.
 *
 * @param params run-time scalars, where not as declared
 */
export async function takeSteps(
  session: Session,
  data: Dataset,
  epochs: number,
  params: Readonly<Record<string, () => number>> = {},
): Promise<void> {
  for await (const _ of session.train({ data, epochs, params, onNaN: 'continue' }));
}
