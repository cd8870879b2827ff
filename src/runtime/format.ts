import { checkArenas } from './arenas.ts';
import type { Program, ProgramBase } from './program.ts';
import { check, fail, type Shape } from './shape.ts';

/**
 * Says whether a value, from JSON say, is a program that this runtime can replay.
 *
 * @throws FormatError naming the first place that is not as it should be
 */
export function checkProgram(value: unknown): asserts value is Program {
  checkBase(value, 'webgpu', {
    kernels: [{ name: 'string', code: 'string', workgroup: 'count', sharedBytes: 'count' }],
    places: { words: ['count'], most: 'count' },
  });
}

/**
 * Says whether a value is a program: of this format, for a target whose name starts so, with all that every
 * program has and what else this target's have, and with steps whose kernels are there.
 *
 * @throws FormatError naming the first place that is not as it should be
 */
export function checkBase(
  value: unknown,
  target: string,
  more: Readonly<Record<string, Shape>>,
): asserts value is ProgramBase {
  const found: Readonly<Record<string, unknown>> = Object(value);
  if (found.format !== 1) fail('program.format', '1', found.format);
  if (!String(found.target).startsWith(target)) fail('program.target', `${target}`, found.target);
  check<ProgramBase>(value, { ...more, ...shapeFor(Object(found.kernels).length) }, 'program');
  checkArenas(value);
}

const word = 'f32|i32|u32|bool';
const tensor = { name: 'string', dtype: word, shape: ['count'] } as const;
const place = { arena: 'state|words', offset: 'count' };
const element = `${word}|u8`;

/** What every program has, with so many kernels as `kernel` says. */
const shapeFor = (kernel: number): Readonly<Record<string, Shape>> => ({
  name: 'string',
  entries: {
    '*': {
      steps: [{ kernel, workgroups: 'count' }],
      outputs: [{ ...tensor, dtype: element, offset: 'count', live: ['object'] }],
      inputs: ['string'],
      resultWords: 'count',
    },
  },
  buffers: { state: 'count', temps: 'count', words: 'count', results: 'count' },
  state: [{ ...tensor, ...place, init: { kind: 'constant|uniform|normal|values|given' } }],
  inputs: [{ ...tensor, dtype: element, base: 'string' }],
  params: [{ name: 'string', field: 'string', dtype: word, initial: 'number' }],
  sizes: [{ name: 'string', max: 'count', live: 'string' }],
  stepFields: [{ name: 'string', dtype: word }],
  constants: [{ ...place, words: 'string' }],
});
