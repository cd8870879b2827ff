import type { Role } from '../../src/inspect/look.ts';
import { roleNames } from './colours.ts';
import { RoleMark } from './graphBox.tsx';
import { More, usePaged } from './paged.tsx';
import { DispatchMark } from './picks.tsx';
import type { Places } from './places.ts';
import { pick } from './select.ts';
import type { Selection } from './selection.ts';

const roles: readonly Role[] = ['data', 'forward', 'backward', 'update'];

/** Dispatches that are named at first, and more each time. */
const PAGE = 60;

/** What shapes and stripes mean: the roles of nodes, and the dispatches by name. */
export function Legend({ places, selection }: { readonly places: Places; readonly selection: Selection }) {
  const lit = selection.lit.value.dispatches;
  const paged = usePaged(places.report.dispatches, PAGE);
  return (
    <div class="legend">
      <ul aria-label="What nodes are for">
        {roles.map((role) => (
          <li key={role}>
            <RoleMark role={role} /> {roleNames[role]}
          </li>
        ))}
      </ul>
      <ul class="legend-dispatches" aria-label="Dispatches that compute them">
        {paged.shown.map(({ name }, k) => (
          <li key={name}>
            <button
              type="button"
              class={`pick${lit.has(k) ? ' lit' : ''}`}
              onClick={(event) => pick(selection, { kind: 'dispatch', dispatch: k }, event)}
            >
              <DispatchMark dispatch={k} /> {name}
            </button>
          </li>
        ))}
        {paged.left > 0 && (
          <li>
            <More paged={paged} noun="dispatches" />
          </li>
        )}
      </ul>
    </div>
  );
}
