import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';
import { messageOf } from '../messageOf.ts';

/** A part of the page: where it breaks it says so in its place, and the others go on. */
export function Guarded(props: { readonly name: string; readonly children: ComponentChildren }) {
  const [error, tryAgain] = useErrorBoundary();
  if (error === undefined) return <>{props.children}</>;
  return (
    <div class="card broken" role="alert">
      <p>
        {props.name} cannot be shown: {messageOf(error)}. The rest of the page goes on.
      </p>
      <button type="button" class="button" onClick={tryAgain}>
        Try again
      </button>
    </div>
  );
}
