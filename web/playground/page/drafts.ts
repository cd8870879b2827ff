/** Edited models, by the name of their example. Where storage is not allowed they last as long as the page. */
export interface Drafts {
  /** The edited text; undefined where the example is as it was. */
  get(example: string): string | undefined;
  /** Keeps a text; `undefined` forgets it. */
  set(example: string, source: string | undefined): void;
  /**
   * Notes that a model is being opened (`undefined`: no longer). A page that went down with it finds the note when it comes
   * back, and does not run that model by itself.
   */
  setOpening(example: string | undefined): void;
  /** The example that was being opened when the page last ended. */
  readonly wentDownWith: string | undefined;
}

const PREFIX = 'sinter-playground';

/**
 * @param storage `localStorage`, where the page may have it: what it refuses (no place left, forbidden) is kept in memory alone
 */
export function draftsIn(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined): Drafts {
  const memory = new Map<string, string>();
  const read = (key: string): string | undefined => {
    try {
      return storage?.getItem(`${PREFIX}:${key}`) ?? undefined;
    } catch {
      return undefined;
    }
  };
  const write = (key: string, value: string | undefined): void => {
    try {
      if (value === undefined) storage?.removeItem(`${PREFIX}:${key}`);
      else storage?.setItem(`${PREFIX}:${key}`, value);
    } catch {
      // The memory has it.
    }
  };
  return {
    get: (example) => memory.get(example) ?? read(`model:${example}`),
    set(example, source) {
      if (source === undefined) memory.delete(example);
      else memory.set(example, source);
      write(`model:${example}`, source);
    },
    setOpening: (example) => write('opening', example),
    wentDownWith: read('opening'),
  };
}

/** The page's own storage; undefined where it is forbidden, which throws as soon as it is looked at. */
export function ownStorage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
