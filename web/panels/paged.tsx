import { useSignal } from '@preact/signals';
import { countText } from './figures.ts';

/** The first of many things, and a way to more. */
export interface Paged<T> {
  readonly shown: readonly T[];
  readonly left: number;
  readonly page: number;
  readonly more: (count: number) => void;
}

/**
 * As many of some things as a page of them holds, and a page more each time that more are asked for.
 *
 * @param wanted the place of one that is to be among them: its page, and those before, are shown too
 */
export function usePaged<T>(all: readonly T[], page: number, wanted = 0): Paged<T> {
  const limit = useSignal(page);
  const end = Math.max(limit.value, page * Math.ceil((wanted + 1) / page));
  return {
    shown: all.length > end ? all.slice(0, end) : all,
    left: Math.max(0, all.length - end),
    page,
    more: (count) => {
      limit.value = end + count;
    },
  };
}

/** Buttons for what is not shown yet; nothing where all is. */
export function More<T>({ paged, noun }: { readonly paged: Paged<T>; readonly noun: string }) {
  const { left, page, more } = paged;
  if (left === 0) return null;
  return (
    <p class="more">
      {left > page && (
        <button type="button" class="button" onClick={() => more(page)}>
          Show {countText(page)} more
        </button>
      )}
      <button type="button" class="button" onClick={() => more(left)}>
        Show {left > page ? 'all ' : 'the other '}
        {countText(left)} {noun}
      </button>
    </p>
  );
}
