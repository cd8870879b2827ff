import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Player } from './player.ts';

/** Most bytes of a file that is read: a page has no use for more. */
const MOST_BYTES = 512 * 2 ** 20;

/** Buttons that save the weights to a file, and load them from one. */
export function WeightButtons({ player }: { readonly player: Player }) {
  const input = useRef<HTMLInputElement>(null);
  const written = useRef(player.saved.peek());
  useSignalEffect(() => {
    const saved = player.saved.value;
    if (saved === undefined || saved === written.current) return;
    written.current = saved;
    download(saved.name, saved.bytes);
  });
  return (
    <div class="weights">
      <button type="button" class="button" onClick={() => player.save()}>
        Save weights
      </button>
      <button type="button" class="button" onClick={() => input.current?.click()}>
        Load weights
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".safetensors"
        aria-label="A file of weights"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          // The same file may be chosen again.
          if (file !== undefined) loadFile(player, file);
          currentTarget.value = '';
        }}
      />
    </div>
  );
}

/** A place on which files of weights may be dropped. */
export function DropPlace(props: { readonly player: Player; readonly children: ComponentChildren }) {
  const { player, children } = props;
  const place = useRef<HTMLDivElement>(null);
  const isOver = useSignal(false);
  useEffect(() => {
    // Listened to from here, since a place is not a control: by keyboard a file is loaded by the button.
    const left = new AbortController();
    const { signal } = left;
    place.current?.addEventListener('dragover', dragged, { signal });
    place.current?.addEventListener('dragleave', leave, { signal });
    place.current?.addEventListener('drop', drop, { signal });
    return () => left.abort();

    function dragged(event: DragEvent): void {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      isOver.value = true;
    }

    function leave({ relatedTarget: to }: DragEvent): void {
      if (!(to instanceof Node && place.current?.contains(to))) isOver.value = false;
    }

    function drop(event: DragEvent): void {
      isOver.value = false;
      const file = event.dataTransfer?.files[0];
      if (file === undefined) return;
      event.preventDefault();
      loadFile(player, file);
    }
  }, [player, isOver]);
  return (
    <div ref={place} class={`drop ${isOver.value ? 'over' : ''}`}>
      {children}
      {isOver.value && (
        <p class="drop-word" aria-hidden="true">
          Drop a file of weights to load it
        </p>
      )}
    </div>
  );
}

function loadFile(player: Player, file: File): void {
  if (player.opened.peek() === undefined) {
    player.notice('error', `${file.name} is not loaded: no model runs that could take its weights.`);
    return;
  }
  if (file.size > MOST_BYTES) {
    const size = Math.round(file.size / 2 ** 20);
    player.notice(
      'error',
      `${file.name} is not loaded: its ${size} MiB are more than a page takes (512 MiB).`,
    );
    return;
  }
  player.load(file.name, file);
}

function download(name: string, bytes: Uint8Array): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([Uint8Array.from(bytes)]));
  link.download = name;
  link.click();
  // Not at once: a browser that asks where to put it still reads from it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
