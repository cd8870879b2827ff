/** What is wrong with a model, or with what it is to train on, and where in its text that is known. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  /** Counts from 1, as does `column`. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(
    message: string,
    place: { readonly line?: number; readonly column?: number } = {},
    cause?: unknown,
  ) {
    super(message, { cause });
    this.line = place.line;
    this.column = place.column;
  }
}
