/** What stood on the desk: what an entry of the browser's history opens again. */
export interface Visit {
  readonly example: string;
  /** The text of the model where it was edited: an example that was not is opened as it is by then. */
  readonly text?: string;
  /** Whether it came with a link, and nobody has said yet that it may run. */
  readonly waits: boolean;
}

/** Entries of the browser's history, each with what stood on the desk. */
export interface Visits {
  /** What the current entry opens; undefined of one that a link made. */
  readonly current: Visit | undefined;
  /** Notes what stands on the desk at the current entry. Its address names the example then; of a model that waits it stays as it is. */
  note(visit: Visit): void;
  /** Puts an entry behind the current one, in place of those that were gone back from. */
  add(visit: Visit): void;
}

/**
 * @param history of the page's window. A browser that refuses an entry (too many in a while, too long a text) does without: the page
 *   works on
 */
export function visitsOf(history: Pick<History, 'state' | 'replaceState' | 'pushState'>): Visits {
  const written = (how: 'replaceState' | 'pushState', visit: Visit): void => {
    const address = visit.waits ? undefined : `#example=${encodeURIComponent(visit.example)}`;
    try {
      history[how](visit, '', address);
    } catch {
      // The entry stays as it was.
    }
  };
  return {
    get current() {
      const { example, text, waits }: { example?: unknown; text?: unknown; waits?: unknown } = Object(
        history.state,
      );
      if (typeof example !== 'string' || typeof waits !== 'boolean') return undefined;
      return typeof text === 'string' ? { example, text, waits } : { example, waits };
    },
    note: (visit) => written('replaceState', visit),
    add: (visit) => written('pushState', visit),
  };
}
