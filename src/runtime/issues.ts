import { clipped, listed } from './clipped.ts';

/** An error that a program can tell apart by its `code`. */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code;

  constructor(name: string, code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.code = code;
  }
}

/** What a caught value says went wrong. */
export function reasonOf(cause: unknown): string {
  return String(Object(cause).message ?? cause);
}

/** A value that does not fit, as an error names it. */
export function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(clipped(value))
    : Object(value) === value
      ? typeof value
      : String(value);
}

/** What a person may have meant by a name, as a text to put behind it: set by doors that have room for it. */
export const naming: { nearest?: (name: string, known: readonly string[]) => string } = {};

/**
 * The one of a name.
 *
 * @throws SessionError `unknown-entry`, `unknown-state` for an entry or a state, InputError `unknown` for all else,
 *   listing those that there are
 */
export function slotOf<Slot extends { readonly name: string }>(
  what: 'entry' | 'state' | 'initial state' | 'input' | 'size' | 'run-time scalar' | 'option',
  slots: readonly Slot[],
  name: string,
): Slot {
  const slot = slots.find((one) => one.name === name);
  if (slot) return slot;
  const known = slots.map((one) => one.name);
  const text = `no such ${what}${naming.nearest?.(name, known) ?? ''}; there are ${listed(known.map(clipped))}`;
  const error = new InputError('unknown', name, text);
  throw what === 'entry' || what === 'state' ? new SessionError(`unknown-${what}`, error.message) : error;
}

/** Whether a value is a whole number between two others, themselves included. */
export function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

/** @throws InputError, always: what was expected of a value, and what was given */
export function unfit(
  code: InputErrorCode,
  name: string,
  expected: string,
  found: unknown,
  index?: number,
): never {
  const at = index === undefined ? '' : ` at index ${index}`;
  throw new InputError(code, name, `expected ${expected}${at}, found ${shown(found)}`, index);
}

/**
 * - `no-webgpu`: neither the browser nor a package offers WebGPU
 * - `no-adapter`: WebGPU is there, and finds no adapter
 * - `limit`: the program needs more than the device gives; `limit` says what
 * - `shader`: a kernel does not compile (`kernel` names it), or the module of a program for WebAssembly
 * - `validation`, `memory`, `lost`: the device refused a call, ran out of memory, or is gone, as is a session on
 *   WebAssembly when one of its threads died or is out of step with the others
 */
export type DeviceErrorCode =
  | 'no-webgpu'
  | 'no-adapter'
  | 'limit'
  | 'shader'
  | 'validation'
  | 'memory'
  | 'lost';

/** A limit of the device that a program exceeds. */
export interface ExceededLimit {
  readonly name: string;
  readonly needed: number;
  readonly available: number;
}

/** The device is missing, too small, failed or gone. */
export class DeviceError extends CodedError<DeviceErrorCode> {
  /** The kernel that it concerns, where one does. */
  readonly kernel: string | undefined;
  readonly limit: ExceededLimit | undefined;

  constructor(
    code: DeviceErrorCode,
    message: string,
    about: { kernel?: string; limit?: ExceededLimit; cause?: unknown } = {},
  ) {
    super('DeviceError', code, message, about);
    this.kernel = about.kernel;
    this.limit = about.limit;
  }
}

/** Data of a format that is read here is something else: a program, a saved state, a file. */
export class FormatError extends CodedError<'program' | 'saved' | 'file'> {
  constructor(code: 'program' | 'saved' | 'file', message: string, options?: ErrorOptions) {
    super('FormatError', code, message, options);
  }
}

/** What is wrong with a value that a caller gave. */
export type InputErrorCode = 'missing' | 'unknown' | 'length' | 'type' | 'range';

/** An input, a run-time scalar, a size or a state's new values do not fit what the program declares. */
export class InputError extends CodedError<InputErrorCode> {
  /** The name that was given or is missing. */
  readonly input: string;
  /** The first element that does not fit, where it is one element. */
  readonly index: number | undefined;

  constructor(code: InputErrorCode, input: string, message: string, index?: number) {
    super('InputError', code, `${clipped(input)}: ${message}`);
    this.input = input;
    this.index = index;
  }
}

export type SessionErrorCode =
  | 'disposed'
  | 'unknown-entry'
  | 'unknown-state'
  | 'no-updates'
  | 'other-session'
  | 'other-training'
  | 'busy';

/**
 * A session or a dataset is used after `dispose`, or asked for what it does not have; `other-training`: to go on, in the
 * middle of an epoch, with rows, batches or an order that are not those of its steps before; `no-updates`: to train an entry
 * that updates no state; `busy`: to fit it while another fit of it runs.
 */
export class SessionError extends CodedError<SessionErrorCode> {
  constructor(code: SessionErrorCode, message: string) {
    super('SessionError', code, message);
  }
}

/** Training met a NaN in a scalar output, and was asked to stop there. */
export class TrainingError extends CodedError<'nan'> {
  readonly entry: string;
  readonly output: string;
  /** Counts from 1, as does `step`, within its epoch. */
  readonly epoch: number;
  readonly step: number;

  constructor(entry: string, output: string, epoch: number, step: number) {
    super(
      'TrainingError',
      'nan',
      `${entry}: ${output} is NaN in epoch ${epoch}, step ${step}; try a lower learning rate, or onNaN: 'continue'`,
    );
    this.entry = entry;
    this.output = output;
    this.epoch = epoch;
    this.step = step;
  }
}
