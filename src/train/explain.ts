import {
  DeviceError,
  type Epoch,
  FormatError,
  InputError,
  type ProgramBase,
  type Session,
  SessionError,
  type Training,
} from '../runtime/index.ts';
import { elementCount } from '../runtime/init.ts';
import { shown } from '../runtime/issues.ts';
import { readSafetensors } from '../weights/safetensors.ts';
import { awaitable } from './awaitable.ts';

/**
 * Makes errors of a session say what would be right, where the runtime, which is small, says what is wrong: for rows that are
 * not as many as a fixed batch has, truth values that are not numbers, places that elements of a state cannot be written to, and
 * bytes that are not of a session. And refuses to train an entry that updates no state: it would run, and change nothing.
 *
 * @param hasUpdates whether an entry updates states; where nobody knows, none is refused
 */
export function explainErrors(session: Session, hasUpdates?: (entry: string) => boolean): void {
  const { program } = session;
  const aboutData = (error: unknown, data: unknown): unknown =>
    aboutTruth(aboutFixedBatch(error, program, data), program, data);
  around(session, 'dataset', (error, [data]) => aboutData(error, data));
  around(session, 'run', (error, [, inputs]) => aboutData(error, inputs));
  around(session, 'write', (error, args) => aboutPlace(error, program, args));
  around(session, 'load', (error, [saved]) => aboutBytes(error, saved));
  if (hasUpdates === undefined) return;
  const train = session.train.bind(session);
  const value: Session['train'] = (options) => {
    const entry: unknown = Object(options).entry ?? 'train';
    const isIdle = typeof entry === 'string' && Object.hasOwn(program.entries, entry) && !hasUpdates(entry);
    if (!isIdle) return train(options);
    const others = Object.keys(program.entries).filter(hasUpdates).map(quoted);
    const remedy = others.length === 0 ? '' : `; what can be trained: ${others.join(', ')}`;
    const text = `entry ${quoted(entry)} updates no state, so there is nothing to train: evaluate runs it over data${remedy}`;
    return refused(new SessionError('no-updates', text));
  };
  Object.defineProperty(session, 'train', { value, configurable: true, writable: true });
}

/** Has what a method of a session throws, now or later, explained. */
function around(
  session: Session,
  method: 'dataset' | 'run' | 'write' | 'load',
  explained: (error: unknown, args: readonly unknown[]) => unknown,
): void {
  const own: unknown = session[method];
  if (typeof own !== 'function') return;
  const value = async (...args: readonly unknown[]): Promise<unknown> => {
    try {
      return await Reflect.apply(own, session, args);
    } catch (error) {
      throw explained(error, args);
    }
  };
  Object.defineProperty(session, method, { value, configurable: true, writable: true });
}

/** A training that fails as soon as it is asked for. */
function refused(error: SessionError): Training {
  const epochs = (async function* (): AsyncGenerator<Epoch, void, undefined> {
    yield* [];
    throw error;
  })();
  return awaitable(epochs, () => {
    throw error;
  });
}

/** Of an input whose rows are a number in its shape, that they are, and how they would not be. */
function aboutFixedBatch(error: unknown, { inputs }: ProgramBase, data: unknown): unknown {
  if (!(error instanceof InputError) || error.code !== 'length') return error;
  const slot = inputs.find(({ name }) => name === error.input);
  const [batch = 0, ...row] = slot?.shape ?? [];
  const length: unknown = Object(Object(data)[error.input]).length;
  const rows = Number(length) / row.reduce((n, extent) => n * extent, 1);
  if (slot === undefined || slot.size !== undefined || row.length === 0 || !Number.isInteger(rows))
    return error;
  const shape = `[${slot.shape.join(', ')}]`;
  const text = `${rows} rows, and its shape ${shape} has ${batch}, no more and no fewer: with m.size('batch', { max: ${batch} }) as its first dimension it takes any number, a batch a step`;
  return new InputError('length', error.input, text);
}

/** Of a truth value that is not given as a number, how it is. */
function aboutTruth(error: unknown, { inputs }: ProgramBase, data: unknown): unknown {
  if (!(error instanceof InputError) || error.code !== 'type' || error.index === undefined) return error;
  if (inputs.find(({ name }) => name === error.input)?.dtype !== 'bool') return error;
  const found: unknown = Object(Object(data)[error.input])[error.index];
  if (typeof found !== 'boolean') return error;
  const text = `expected 0 or 1 (bool) at index ${error.index}, found ${found}: truth values are given as numbers, as Uint8Array.from(values) makes them`;
  return new InputError('type', error.input, text, error.index);
}

/** Of a place from which on elements of a state are to be written, where it may be. */
function aboutPlace(
  error: unknown,
  { state }: ProgramBase,
  [name, values, from]: readonly unknown[],
): unknown {
  const slot = state.find((one) => one.name === name);
  if (!(error instanceof InputError) || error.code !== 'length' || from === undefined || slot === undefined)
    return error;
  const [count, length] = [elementCount(slot.shape), Number(Object(values).length)];
  const text =
    length > count
      ? `expected ${count} elements at most, found ${length}`
      : `expected a whole number from 0 to ${count - length} as the element to begin with, since ${length} of its ${count} elements are given; found ${shown(from)}`;
  return new InputError(length > count ? 'length' : 'range', slot.name, text);
}

/** What a session that does not start says, with what to do about it. */
export function explainStart(error: unknown): unknown {
  if (error instanceof DeviceError && error.code === 'no-adapter' && !/install|pass/.test(error.message))
    return new DeviceError(
      'no-adapter',
      `${error.message}: install or update the graphics driver, pass an adapter or GPU of your own, or compile for 'wasm'`,
      { cause: error },
    );
  if (error instanceof InputError && error.code === 'missing') {
    const text = 'its values lie beside the program, not in it: pass those of compiled.weights as initial';
    return new InputError('missing', error.input, text);
  }
  return error;
}

/** Of bytes that are not those of a session, what they are. */
function aboutBytes(error: unknown, saved: unknown): unknown {
  if (!(error instanceof FormatError) || !(saved instanceof Uint8Array)) return error;
  const found = `${saved.length} bytes`;
  try {
    const { metadata } = readSafetensors(saved, 'saved');
    if (Object.hasOwn(metadata, 'sinter')) return error;
    return new FormatError(
      'saved',
      `saved: ${found} of a safetensors file that is not of a session: it has no text "sinter", which save() writes`,
      { cause: error },
    );
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    return new FormatError('saved', `${cause.message} (${found} that save() did not make)`, { cause });
  }
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
