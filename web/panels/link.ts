import type { Look } from '../../src/inspect/look.ts';
import type { Picked } from './selection.ts';

/** A place in a report, as the hash of its address holds it. */
export interface Place {
  readonly entry?: string;
  readonly tab?: string;
  readonly picked?: Picked;
  readonly second?: Picked;
}

/** The hash of a place, without its `#`: `entry=train&tab=graph&picked=node.12`. */
export function hashOf(place: Place): string {
  const parameters = new URLSearchParams();
  if (place.entry !== undefined) parameters.set('entry', place.entry);
  if (place.tab !== undefined) parameters.set('tab', place.tab);
  if (place.picked !== undefined) parameters.set('picked', pickedText(place.picked));
  if (place.second !== undefined) parameters.set('second', pickedText(place.second));
  return parameters.toString();
}

/** The place that a hash names; what it names that the look does not have is left out. */
export function placeOf(hash: string, look: Look): Place {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const entry = parameters.get('entry');
  const tab = parameters.get('tab');
  const picked = pickedOf(parameters.get('picked'), look);
  const second = pickedOf(parameters.get('second'), look);
  return {
    ...(entry !== null && Object.hasOwn(look.entries, entry) ? { entry } : {}),
    ...(tab === null ? {} : { tab }),
    ...(picked === undefined ? {} : { picked }),
    ...(second === undefined ? {} : { second }),
  };
}

function pickedText(picked: Picked): string {
  switch (picked.kind) {
    case 'node':
      return `node.${picked.id}`;
    case 'line':
      return `line.${picked.line}.${picked.file}`;
    case 'dispatch':
      return `dispatch.${picked.dispatch}`;
    case 'code':
      return `code.${picked.line}.${picked.kernel}`;
    case 'buffer':
      return `buffer.${picked.name}`;
    default:
      return picked satisfies never;
  }
}

function pickedOf(text: string | null, look: Look): Picked | undefined {
  const [, kind, rest = ''] = /^(\w+)\.(.+)$/s.exec(text ?? '') ?? [];
  const [, digits, name = ''] = /^(\d+)(?:\.(.+))?$/s.exec(rest) ?? [];
  const number = digits === undefined ? -1 : Number(digits);
  switch (kind) {
    case 'node':
      return look.nodes[number] === undefined ? undefined : { kind, id: number };
    case 'line':
      return look.files.some((file) => file.name === name) ? { kind, file: name, line: number } : undefined;
    case 'dispatch':
      return number < 0 ? undefined : { kind, dispatch: number };
    case 'code':
      return Object.hasOwn(look.kernels, name) ? { kind, kernel: name, line: number } : undefined;
    case 'buffer':
      return { kind, name: rest };
    default:
      return undefined;
  }
}
