import type { Given } from '../../src/reference/index.ts';
import type { ProgramBase, Session } from '../../src/runtime/index.ts';
import type { TargetSession } from './targets.ts';

/** First values of states as sessions take them. */
export function initialOf(states: Readonly<Record<string, Given>>): Record<string, ArrayLike<number>> {
  return Object.fromEntries(Object.entries(states).map(([name, { data }]) => [name, data]));
}

/** A session of a compiled program as a target's, whichever runtime it is of. */
export function targetSession(program: ProgramBase, session: Session): TargetSession {
  return {
    step: async (entry, feeds = {}) => {
      const names = program.entries[entry]?.inputs ?? [];
      const inputs = names.map((name) => [name, feeds.inputs?.[name]?.data ?? []] as const);
      return session.run(entry, Object.fromEntries(inputs), {
        ...(feeds.params === undefined ? {} : { params: feeds.params }),
        ...(feeds.live === undefined ? {} : { sizes: feeds.live }),
      });
    },
    read: (state) => session.read(state),
    dispose: async () => session.dispose(),
  };
}
