import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Desk } from './desk.ts';

/** Longer links are cut by some programs that pass them on. */
const LONG = 8000;

/** A button that copies a link to what is on the desk; it shows it, too, for where nothing may be copied. */
export function Share({ desk }: { readonly desk: Desk }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const link = useSignal('');
  const copied = useSignal(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link.value);
      copied.value = true;
    } catch {
      // Forbidden: the field has it, and is selected.
    }
  };
  return (
    <>
      <button
        type="button"
        class="button"
        onClick={async () => {
          copied.value = false;
          link.value = await desk.link(location.href);
          dialog.current?.showModal();
          dialog.current?.querySelector('input')?.select();
          await copy();
        }}
      >
        Share
      </button>
      <dialog ref={dialog} class="share card" aria-labelledby="share-title">
        <h2 id="share-title">A link to this model</h2>
        <p class="soft">
          {desk.isEdited.value
            ? 'It holds the text as you edited it. Nothing is stored anywhere else.'
            : 'It opens this example.'}
        </p>
        <div class="share-link">
          <input class="field" readOnly value={link.value} aria-label="The link" />
          <button type="button" class="button primary" onClick={copy}>
            {copied.value ? 'Copied' : 'Copy'}
          </button>
        </div>
        <p role="status" class="soft">
          {copied.value && 'The link is copied. '}
          {link.value.length > LONG &&
            `It is ${link.value.length.toLocaleString('en-US')} characters long: some programs cut such links.`}
        </p>
        <form method="dialog">
          <button type="submit" class="button">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}
