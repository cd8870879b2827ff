import { FormatError } from './issues.ts';
import type { Program } from './program.ts';

/**
 * Says whether a value, from JSON say, is a program that this runtime can replay.
 *
 * @throws FormatError naming the first place that is not as it should be
 */
export function checkProgram(value: unknown): asserts value is Program {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (format !== 1) fail('program.format', '1', format);
  check(value, shape, 'program', 'program');
  const program = value as Program;
  for (const [name, { steps }] of Object.entries(program.entries)) {
    for (const [i, { kernel }] of steps.entries()) {
      if (kernel >= program.kernels.length)
        fail(
          `program.entries.${name}.steps[${i}].kernel`,
          `a kernel below ${program.kernels.length}`,
          kernel,
        );
    }
  }
}

/** What plain data is to be: a type's name (`count` is a whole number from 0), a list of one kind, a record of one kind, or an object with these fields at least. */
export type Shape =
  | 'string'
  | 'count'
  | 'number'
  | readonly [Shape]
  | { readonly each: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> };

const dtype = 'string';
const live: Shape = { fields: { name: 'string', max: 'count', live: 'string' } };
const shape: Shape = {
  fields: {
    name: 'string',
    kernels: [{ fields: { name: 'string', code: 'string', workgroup: 'count', sharedBytes: 'count' } }],
    entries: {
      each: {
        fields: {
          steps: [{ fields: { kernel: 'count', workgroups: 'count' } }],
          outputs: [{ fields: { name: 'string', dtype, shape: ['count'], offset: 'count' } }],
          inputs: ['string'],
          resultWords: 'count',
        },
      },
    },
    buffers: { fields: { state: 'count', temps: 'count', words: 'count', results: 'count' } },
    state: [
      {
        fields: {
          name: 'string',
          dtype,
          shape: ['count'],
          arena: 'string',
          offset: 'count',
          init: { fields: { kind: 'string' } },
        },
      },
    ],
    inputs: [{ fields: { name: 'string', dtype, shape: ['count'], base: 'string' } }],
    params: [{ fields: { name: 'string', field: 'string', initial: 'number' } }],
    sizes: [live],
    stepFields: [{ fields: { name: 'string', dtype } }],
    constants: [{ fields: { arena: 'string', offset: 'count', words: 'string' } }],
  },
};

/** @throws FormatError with the place below `at` that is not as expected */
export function check(value: unknown, expected: Shape, at: string, code: 'program' | 'saved'): void {
  if (typeof expected === 'string') {
    const fits =
      expected === 'count' ? Number.isSafeInteger(value) && Number(value) >= 0 : typeof value === expected;
    if (!fits) fail(at, expected, value, code);
  } else if ('fields' in expected) {
    if (typeof value !== 'object' || value === null) fail(at, 'object', value, code);
    const found = new Map<string, unknown>(Object.entries(value));
    for (const [name, inner] of Object.entries(expected.fields))
      check(found.get(name), inner, `${at}.${name}`, code);
  } else if ('each' in expected) {
    if (typeof value !== 'object' || value === null) fail(at, 'object', value, code);
    for (const [name, inner] of Object.entries(value)) check(inner, expected.each, `${at}.${name}`, code);
  } else {
    if (!Array.isArray(value)) fail(at, 'list', value, code);
    for (const [i, inner] of value.entries()) check(inner, expected[0], `${at}[${i}]`, code);
  }
}

function fail(at: string, expected: string, found: unknown, code: 'program' | 'saved' = 'program'): never {
  const text = typeof found === 'object' ? (found === null ? 'null' : 'an object') : JSON.stringify(found);
  throw new FormatError(code, `${at}: expected ${expected}, found ${text}`);
}
