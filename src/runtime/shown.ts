import type { Dataset } from './dataset.ts';
import type { Session } from './session.ts';

/** By this name Node, Deno and Bun find what `console.log` shows of an object. */
const custom = Symbol.for('nodejs.util.inspect.custom');

/**
 * What `console.log` shows of sessions: what runs the program, its entries, and its states with their types. Bundles for
 * browsers, whose consoles ask for no such thing, take `notShown.ts` in place of this file (package.json, `browser`).
 */
export function showSessions(type: { readonly prototype: Session }): void {
  show(
    type,
    ({ program }) => `Session of ${program.name} on ${program.target}`,
    (session) => {
      const { entries, state } = session.program;
      return {
        ...machineOf(session),
        entries: Object.keys(entries),
        states: Object.fromEntries(state.map((slot) => [slot.name, `${slot.dtype}[${slot.shape}]`])),
        disposed: session.disposed,
      };
    },
  );
}

/** What `console.log` shows of datasets: their inputs, and how many rows they have of each bounded size. */
export function showDatasets(type: { readonly prototype: Dataset }): void {
  show(
    type,
    ({ count }) => `Dataset of ${count} rows`,
    ({ inputs, rows, disposed }) => ({
      inputs: [...inputs.keys()],
      rows: Object.fromEntries(rows),
      disposed,
    }),
  );
}

/** Short where it stands inside of something else. */
function show<T extends object>(
  { prototype }: { readonly prototype: T },
  short: (value: T) => string,
  whole: (value: T) => object,
): void {
  Object.defineProperty(prototype, custom, {
    configurable: true,
    value(
      this: T,
      depth: number | null,
      options: { readonly depth?: number | null },
      inspect: (value: object, options: object) => string,
    ): string {
      const text = short(this);
      if ((depth ?? 0) < (options.depth ?? 0)) return `[${text}]`;
      return `${text} ${inspect(whole(this), options)}`;
    },
  });
}

/** The adapter of a device, or the number of threads. */
function machineOf(session: object): { readonly adapter?: string; readonly threads?: unknown } {
  const device: Partial<GPUDevice> | undefined = Reflect.get(session, 'device');
  if (!device) return { threads: Reflect.get(session, 'threads') };
  const info = device.adapterInfo;
  return { adapter: info?.description || info?.device || info?.vendor || 'unknown' };
}
