import type { Player } from './player.ts';

/** What happened, until it is dismissed. Read out as it comes. */
export function Notices({ player }: { readonly player: Player }) {
  return (
    <div class="notices" role="status" aria-live="polite">
      {player.notices.value.map(({ id, kind, text }) => (
        <div key={id} class={`notice ${kind}`}>
          <span class="sign" aria-hidden="true">
            {kind === 'error' ? '!' : 'i'}
          </span>
          <p>
            {kind === 'error' && <span class="visually-hidden">Error: </span>}
            {text}
          </p>
          <button type="button" class="button quiet" onClick={() => player.dismiss(id)}>
            <span aria-hidden="true">✕</span>
            <span class="visually-hidden">Dismiss</span>
          </button>
        </div>
      ))}
    </div>
  );
}
