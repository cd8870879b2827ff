import { checkInside, wordCount } from './arenas.ts';
import { workgroupsOf } from './grid.ts';
import { elementCount } from './init.ts';
import type { Program, ProgramBase, SizeSlot, StateSlot, Step, StepGrid } from './program.ts';
import { check, fail } from './shape.ts';

/**
 * Says whether what a program says of one place agrees with what it says of others: names are told apart, those that
 * are referred to are there, step fields are those that its slots need, counts fit what is declared. It takes a program
 * whose parts have their form and lie in their arenas.
 *
 * @param alignment words of which the place of every state is a multiple
 * @throws FormatError naming the first place that does not agree
 */
export function checkAgreement(program: ProgramBase, alignment: number): void {
  checkName('program.name', program.name);
  for (const [i, { name }] of program.kernels.entries()) checkName(`program.kernels[${i}].name`, name);
  checkSlots(program);
  checkTiling(program, alignment);
  checkFields(program);
  checkEntries(program);
}

/** Words that a kernel may be told of places: a buffer has 16 bytes at least, a uniform block 64 KiB on every device. */
const [LEAST_PLACES, MOST_PLACES] = [4, 2 ** 14];
/** Bytes of which the start of a uniform block may be any multiple on every device. */
const PLACES_ALIGNMENT = 256;

/**
 * Says whether what dispatches tell their kernels of places is there, and lies in the arenas.
 *
 * @throws FormatError naming the first place that does not agree
 */
export function checkPlaces({ places, entries, buffers }: Program): void {
  const { words, most } = places;
  const last = Math.max(buffers.state, buffers.temps, buffers.words) / 4;
  for (const [i, offset] of words.entries()) atMost(`program.places.words[${i}]`, offset, last);
  if (!(most >= LEAST_PLACES && most <= MOST_PLACES))
    fail('program.places.most', `${LEAST_PLACES} to ${MOST_PLACES} words`, most);
  for (const [name, { steps }] of Object.entries(entries))
    each(`entries.${name}.steps`, steps, ({ places: own }, at) => {
      if (own === undefined) return;
      check(own, 'count', `${at}.places`);
      if (own % PLACES_ALIGNMENT !== 0 || own / 4 + most > words.length)
        fail(
          `${at}.places`,
          `a multiple of ${PLACES_ALIGNMENT}, ${most} words before the end of ${words.length}`,
          own,
        );
    });
}

/** Elements that an input or a size may have: no more than can be addressed as 32-bit words. */
export const MOST_ELEMENTS = 2 ** 29;

function checkSlots({ sizes, inputs, params, state, constants }: ProgramBase): void {
  const extents = new Map(sizes.map(({ name, max }) => [name, max]));
  each('sizes', sizes, ({ max, rows }, at) => {
    atMost(`${at}.max`, max, MOST_ELEMENTS);
    if (rows !== undefined) check(rows, 'string', `${at}.rows`);
  });
  each('inputs', inputs, ({ shape, size, range }, at) => {
    atMost(`${at}.shape`, elementCount(shape), MOST_ELEMENTS);
    if (size !== undefined && (shape.length === 0 || extents.get(size) !== shape[0]))
      fail(`${at}.size`, `a size whose maximum is the first extent, ${shape[0]}`, size);
    if (range === undefined) return;
    check(range, ['number'], `${at}.range`);
    if (!(range.length === 2 && range[0] < range[1]))
      fail(`${at}.range`, 'a number and a larger one', range.join(', '));
  });
  each('params', params, () => {});
  each('state', state, ({ init }, at) => {
    check(init, inits[init.kind], `${at}.init`);
    for (const [name, part] of Object.entries(init))
      if (Number.isNaN(part)) fail(`${at}.init.${name}`, 'a number', part);
    if (init.kind === 'values') checkWords(`${at}.init.words`, init.words);
  });
  each('constants', constants, ({ words }, at) => checkWords(`${at}.words`, words));
}

/** What each kind of first value is made of. */
const inits = {
  constant: { value: 'number' },
  uniform: { low: 'number', high: 'number', stream: 'count' },
  normal: { mean: 'number', deviation: 'number', stream: 'count' },
  values: { words: 'string' },
  given: {},
};

/**
 * States, and given arrays after them, lie in their arenas one after the other. Kernels know their places by themselves: one
 * that is missing, or lies elsewhere, would leave them other numbers. In `words` there may be temporaries behind them.
 */
function checkTiling({ state, constants, buffers }: ProgramBase, alignment: number): void {
  const ends = { state: 0, words: 0 };
  const place = (at: string, { arena, offset }: Placed, words: number): void => {
    if (offset !== ends[arena]) fail(`${at}.offset`, `${ends[arena]}, where what is before it ends`, offset);
    ends[arena] = Math.ceil((offset + words) / alignment) * alignment;
  };
  for (const [i, slot] of state.entries()) place(`program.state[${i}]`, slot, elementCount(slot.shape));
  for (const [i, slot] of constants.entries()) place(`program.constants[${i}]`, slot, wordCount(slot.words));
  if (buffers.state !== 4 * ends.state)
    fail('program.buffers.state', `${4 * ends.state} bytes, as states take`, buffers.state);
  if (buffers.words < 4 * ends.words)
    fail('program.buffers.words', `${4 * ends.words} bytes at least, as states take`, buffers.words);
}

type Placed = Pick<StateSlot, 'arena' | 'offset'>;

/** Step fields are `step`, `result`, and those of sizes, inputs and run-time scalars, in this order. */
function checkFields({ stepFields, sizes, inputs, params }: ProgramBase): void {
  const wanted = [
    'step i32',
    'result u32',
    ...sizes.map(({ live }) => `${live} i32`),
    ...sizes.flatMap(({ rows }) => (rows === undefined ? [] : `${rows} u32`)),
    ...inputs.map(({ base }) => `${base} u32`),
    ...params.map(({ field, dtype }) => `${field} ${dtype}`),
  ];
  each('stepFields', stepFields, ({ name, dtype }, at, i) => {
    if (`${name} ${dtype}` !== wanted[i]) fail(at, wanted[i] ?? 'no field', `${name} ${dtype}`);
  });
  const missing = wanted[stepFields.length];
  if (missing !== undefined) fail(`program.stepFields[${stepFields.length}]`, missing, undefined);
}

/** Workgroups of any dispatch, however small the program: some may find nothing to do. */
const FEW_WORKGROUPS = 65_535;

function checkEntries({ entries, sizes, inputs, buffers }: ProgramBase): void {
  const extents = new Map(sizes.map(({ name, max }) => [name, max]));
  const names = new Set(inputs.map(({ name }) => name));
  const { state, temps, words, results } = buffers;
  // A workgroup writes a word at least.
  const mostWorkgroups = Math.max(FEW_WORKGROUPS, (state + temps + words + results) / 4);
  for (const [name, { steps, outputs, inputs: read, resultWords }] of Object.entries(entries)) {
    const own = `entries.${name}`;
    checkName(`program.${own}`, name);
    each(`${own}.steps`, steps, (step, at) => {
      atMost(`${at}.workgroups`, step.workgroups, mostWorkgroups);
      if (step.live !== undefined) checkGrid(step, step.live, sizes, `${at}.live`);
    });
    for (const [i, input] of read.entries())
      if (!names.has(input)) fail(`program.${own}.inputs[${i}]`, 'an input of the program', input);
    atMost(`program.${own}.resultWords`, resultWords, results / 4);
    each(`${own}.outputs`, outputs, ({ shape, live, offset }, at) => {
      checkInside(at, offset + elementCount(shape), 4 * resultWords);
      if (live.length !== shape.length)
        fail(`${at}.live`, `${shape.length} dimensions, as shape`, live.length);
      for (const [d, dim] of live.entries()) {
        if (dim === null) continue;
        const place = `${at}.live[${d}]`;
        check(dim, { size: 'string', factor: 'count' }, place);
        if (dim.factor * (extents.get(dim.size) ?? Number.NaN) !== shape[d])
          fail(`${place}.size`, `a size of which ${dim.factor} times the maximum is ${shape[d]}`, dim.size);
      }
    });
  }
}

/** Step fields before those of live extents: `step` and `result`. */
const FIELDS_BEFORE = 2;

/** What grows with a live extent is at most what its maximum gives, and that is checked. */
function checkGrid(step: Step, live: StepGrid, sizes: readonly SizeSlot[], at: string): void {
  check(live, { field: 'count', from: 'count', parts: [['count']] }, at);
  const size = sizes[live.field - FIELDS_BEFORE];
  if (size === undefined) fail(`${at}.field`, 'the number of a field that holds a live extent', live.field);
  const most = workgroupsOf(step, [size.max], -live.field);
  if (most !== step.workgroups) fail(at, `${step.workgroups} workgroups of ${size.max} elements`, most);
}

/** Visits the slots of a list with their places; those that have names have each its own. */
function each<T extends object>(
  list: string,
  slots: readonly T[],
  visit: (slot: T, at: string, i: number) => void,
): void {
  const names = new Set<unknown>();
  for (const [i, slot] of slots.entries()) {
    const at = `program.${list}[${i}]`;
    if ('name' in slot) {
      checkName(`${at}.name`, slot.name);
      if (names.has(slot.name)) fail(`${at}.name`, 'a name of its own', slot.name);
      names.add(slot.name);
    }
    visit(slot, at, i);
  }
}

/** A name stands in one line, in errors and in comments of kernels: the rule of declarations. */
function checkName(at: string, name: unknown): void {
  if (/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(String(name)))
    fail(at, 'a name without control characters', name);
}

/** Base64 with its padding. A search, as a repeated class has no room in a long text. */
function checkWords(at: string, text: string): void {
  const length = text.search(/[^A-Za-z0-9+/]|$/);
  if (text.length % 4 !== 0 || !/^={0,2}$/.test(text.slice(length))) fail(at, 'base64', text);
}

function atMost(at: string, found: number, most: number): void {
  if (!(found <= most)) fail(at, `at most ${most}`, found);
}
