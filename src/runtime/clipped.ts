/** Characters of a text that a message quotes at most. */
const MOST_CHARACTERS = 60;
/** Names that a message lists at most. */
const MOST_NAMES = 12;

/** A text as a message quotes it, for names may be of any length: of a long one the beginning, and its length. */
export function clipped(text: string): string {
  // Callers without types may give anything for a name.
  text = `${text}`;
  return text.slice(0, MOST_CHARACTERS) + rest(text, MOST_CHARACTERS);
}

/** Names, each as a message quotes it, as it lists them: of many the first ones, and how many there are. */
export function listed(names: readonly string[]): string {
  return names.slice(0, MOST_NAMES).join(', ') + rest(names, MOST_NAMES);
}

function rest({ length }: { readonly length: number }, most: number): string {
  return length > most ? ` … (${length} in all)` : '';
}
