import type { Output, ProgramBase, Values } from '../../../src/runtime/index.ts';
import type { Totals } from '../../../src/runtime/outputs.ts';
import type { Ask, Tell, View } from '../protocol.ts';
import type { Rows } from '../rows.ts';
import type { Shelf } from '../shelf.ts';

/** What the worker does for an example: the data that its model trains on, and what it shows of it. */
export interface Lesson {
  /** What a person may make for it. */
  readonly tries: Extract<Tell, { kind: 'opened' }>['tries'];
  /**
   * The data, as the model asks for them: the length of a text's pieces is the model's.
   *
   * @throws ModelError where the model does not fit them
   */
  readonly data: (program: ProgramBase, shelf: Shelf) => Promise<LessonData>;
  /** What is shown of a model that was opened. */
  readonly gallery: (bench: Bench, data: LessonData) => Gallery;
}

/** Rows to train on. */
export interface LessonData {
  readonly train: Rows;
  /** Rows that it never trains on, for the entry `evaluate`. */
  readonly test?: Rows;
  /** More rows to train on in place of `train`: they come later. */
  readonly more?: () => Promise<Rows>;
}

/** What is shown of one model. */
export interface Gallery {
  /** Views as the model stands now. What the model does not declare is left out. */
  readonly views: () => Promise<readonly View[]>;
  /** What becomes of what a person made. */
  readonly attempt?: (tried: Extract<Ask, { kind: 'try' }>) => Promise<readonly View[]>;
}

/** A session at rest, which knows its run-time scalars. */
export interface Bench {
  readonly program: ProgramBase;
  readonly run: (entry: string, inputs: Readonly<Record<string, Values>>) => Promise<Record<string, Output>>;
  /** As `run`, over any number of rows. */
  readonly evaluate: (entry: string, data: Readonly<Record<string, Values>>) => Promise<Totals>;
  readonly read: (state: string) => Promise<Output>;
}

/** Whether a model gives an output by an entry. */
export function gives({ program }: Bench, entry: string, output: string): boolean {
  return program.entries[entry]?.outputs.some(({ name }) => name === output) ?? false;
}

/** Numbers as pages draw them. */
export function floats(values: ArrayLike<number>): Float32Array {
  return Float32Array.from(values);
}
