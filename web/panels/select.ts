import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Look } from '../../src/inspect/look.ts';
import { litOf } from './lit.ts';
import type { Picked, Selection } from './selection.ts';

/**
 * The linked selection over a look, which may change while it lives: what was picked and is there no more lights up nothing.
 *
 * @param entry the entry to show first; by default `train`, or the first where there is none of that name
 */
export function newSelection(look: ReadonlySignal<Look>, entry?: string): Selection {
  const asked = signal(entry ?? firstEntry(look.peek()));
  const picked = signal<Picked | undefined>(undefined);
  const second = signal<Picked | undefined>(undefined);
  const lit = computed(() => {
    const name = hasEntry(look.value, asked.value) ? asked.value : firstEntry(look.value);
    return litOf(look.value, name, picked.value);
  });
  return { entry: asked, picked, second, isComparing: signal(false), lit };
}

/** Whether a look has an entry of this name: every object has a `constructor`, which is none. */
export function hasEntry(look: Look, name: string): boolean {
  return Object.hasOwn(look.entries, name);
}

/** The entry that a page opens with: `train`, or the first where there is none of that name. */
export function firstEntry(look: Look): string {
  return look.entries.train === undefined ? (Object.keys(look.entries)[0] ?? '') : 'train';
}

/** Picks one; with Shift, Ctrl or the command key, or where a second was asked for, it becomes that, beside what is picked. */
export function pick(selection: Selection, picked: Picked, event?: Modifiers): void {
  const beside = event !== undefined && (event.shiftKey || event.ctrlKey || event.metaKey);
  const isSecond = (beside || selection.isComparing.peek()) && selection.picked.peek() !== undefined;
  selection.isComparing.value = false;
  if (isSecond) {
    selection.second.value = picked;
    return;
  }
  selection.picked.value = picked;
  selection.second.value = undefined;
}

/** What of an event says that a second is meant. */
export interface Modifiers {
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

/** Whether two picks are the same. */
export function isSame(a: Picked | undefined, b: Picked | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b));
}
