import type { Session } from '../runtime/index.ts';

/** What takes a snapshot of a session, and goes back to it. */
export type Bare = Pick<Session, 'save' | 'load'>;
