import { browserHost } from './browser.ts';

/** What the runtime needs of the place where it runs. */
export interface Host {
  /** Cores that there are. */
  readonly cores: number;
  /** Why threads cannot share memory here, and what to do about it; undefined where they can. */
  readonly alone: () => Promise<string | undefined>;
  /** Lets modules with relaxed vector instructions compile, where they do not yet and the engine has them. */
  readonly allowRelaxed: () => void;
  /**
   * Starts a thread that runs `workerText`.
   *
   * @param hear is given its messages
   * @param fail is told why it ended by itself
   */
  readonly spawn: (hear: (message: unknown) => void, fail: (reason: string) => void) => Thread;
}

/** A thread that was started. */
export interface Thread {
  readonly post: (message: unknown) => void;
  /** Whether it keeps the process alive; it does at first. */
  readonly hold: (alive: boolean) => void;
  /** Ends it, whatever it does. */
  readonly end: () => void;
}

/** Node, or what behaves like it; else a browser. */
export async function hostAtHand(): Promise<Host> {
  // Bundlers give pages a `process` too, but none of this kind.
  const tag = Object.prototype.toString.call(Reflect.get(globalThis, 'process'));
  if (tag !== '[object process]') return browserHost;
  // What bundlers wrote for pages holds nothing for Node, and may run there, or in Deno.
  const { nodeHost = browserHost }: Partial<typeof import('./node.ts')> = await import('./node.ts');
  return nodeHost;
}
