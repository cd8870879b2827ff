/** Kinds of words, and sentences of a small world in which only words of one kind stand in one place. */
const kinds = {
  animals: ['cat', 'dog', 'horse', 'cow', 'sheep', 'goat', 'mouse', 'hen'],
  people: ['girl', 'boy', 'woman', 'man', 'king', 'queen', 'child', 'farmer'],
  food: ['bread', 'apples', 'cheese', 'honey', 'soup', 'cake', 'plums', 'nuts'],
  places: ['garden', 'forest', 'house', 'field', 'castle', 'village', 'meadow', 'kitchen'],
  colours: ['red', 'green', 'blue', 'yellow', 'white', 'black', 'brown', 'grey'],
  numbers: ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'],
} as const;

type Kind = keyof typeof kinds;

/** Words of each sentence, by their kind. */
const sentences: readonly (readonly Kind[])[] = [
  ['people', 'food', 'places'], // the queen eats plums in the castle
  ['animals', 'places'], // the cat sleeps in the garden
  ['numbers', 'colours', 'animals'], // three brown horses
  ['people', 'numbers', 'animals'], // the boy has two goats
  ['colours', 'food'], // red apples
  ['animals', 'food', 'people'], // the mouse steals cheese from the farmer
];

/** What the kinds are called, by their numbers. */
export const kindNames: readonly string[] = Object.keys(kinds);

/** All words, those of a kind beside one another, and the number of the kind of each. */
export const words: readonly { readonly word: string; readonly kind: number }[] = Object.values(
  kinds,
).flatMap((own, kind) => own.map((word) => ({ word, kind })));

/**
 * Pairs of words that stand in one sentence, by their numbers, of as many sentences as asked for. Which word of its kind a sentence
 * has is drawn by a sequence that is the same everywhere (Park and Miller's).
 */
export function neighbours(count: number): readonly (readonly [word: number, beside: number])[] {
  let seed = 1;
  const drawn = (below: number): number => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  return Array.from({ length: count }).flatMap(() => {
    const sentence = sentences[drawn(sentences.length)] ?? [];
    const numbers = sentence.map(
      (kind) => kindNames.indexOf(kind) * kinds[kind].length + drawn(kinds[kind].length),
    );
    return numbers.flatMap((word) =>
      numbers.filter((beside) => beside !== word).map((beside) => [word, beside] as const),
    );
  });
}
