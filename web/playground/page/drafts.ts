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

/** A storage of the page; undefined where it may have none. */
type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;

/**
 * @param storage `localStorage`, which tabs share; what it refuses (no place left, forbidden) is kept in memory alone
 * @param ofTab   `sessionStorage`: a model that another tab opens just now is not what this one went down with
 */
export function draftsIn(storage: Kept, ofTab: Kept): Drafts {
  const memory = new Map<string, string>();
  const read = (storage: Kept, key: string): string | undefined => {
    try {
      return storage?.getItem(`${PREFIX}:${key}`) ?? undefined;
    } catch {
      return undefined;
    }
  };
  const write = (storage: Kept, key: string, value: string | undefined): void => {
    try {
      if (value === undefined) storage?.removeItem(`${PREFIX}:${key}`);
      else storage?.setItem(`${PREFIX}:${key}`, value);
    } catch {
      // The memory has it.
    }
  };
  return {
    get: (example) => memory.get(example) ?? read(storage, `model:${example}`),
    set(example, source) {
      if (source === undefined) memory.delete(example);
      else memory.set(example, source);
      write(storage, `model:${example}`, source);
    },
    setOpening: (example) => write(ofTab, 'opening', example),
    wentDownWith: read(ofTab, 'opening'),
  };
}

/** A storage of the page's own; undefined where it is forbidden, which throws as soon as it is looked at. */
export function ownStorage(name: 'localStorage' | 'sessionStorage'): Storage | undefined {
  try {
    return globalThis[name];
  } catch {
    return undefined;
  }
}
