import { describe, test } from 'vitest';
import {
  defineModule,
  type Module,
  type ModuleBuilder,
  ShapeError,
  type Tensor,
} from '../../src/graph/index.ts';
import type { Dim } from '../../src/loops/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { type Given, referenceSession } from '../../src/reference/index.ts';
import { Dice } from '../oracle/dice.ts';
import { expectClose } from './closeness.ts';
import type { Target } from './targets.ts';

/** Sums have fewer than a thousand terms. */
const TOLERANCE = 1e-5;

/** Cases of one module: a target compiles them together. */
const TOGETHER = 10;

/**
 * Random convolutions and poolings, in all of their options, and their gradients, on a target beside the reference
 * evaluator. `SINTER_SEEDS=1000-2000` runs others.
 *
 * @param count of cases
 */
export function convolutionSuite(target: Target, count = 30): void {
  const [first = 0, last = count] = (process.env.SINTER_SEEDS ?? `0-${count}`).split('-').map(Number);
  describe(`random convolutions and poolings on ${target.name} have the reference's values and gradients`, () => {
    for (let from = first; from < last; from += TOGETHER) {
      const seeds = Array.from({ length: Math.min(TOGETHER, last - from) }, (_, k) => from + k);
      test(`of seeds ${from} to ${from + seeds.length - 1}`, () => compare(target, seeds));
    }
  });
}

/** One case: what it is in words, and what its operands are. */
interface Case {
  readonly seed: number;
  readonly what: string;
  /** Extents of the operand; the batch may be cut to its live rows. */
  readonly shape: readonly number[];
  readonly live: number | undefined;
  readonly weight: readonly number[] | undefined;
  readonly ties: boolean;
  readonly build: (x: Tensor, weight: Tensor | undefined) => Tensor;
}

async function compare(target: Target, seeds: readonly number[]): Promise<void> {
  const cases = seeds.map(drawn);
  const module = moduleOf(cases);
  const session = await target.start(module);
  const reference = referenceSession(module);
  for (const one of cases) {
    const name = String(one.seed);
    const feeds = {
      inputs: inputsOf(one),
      live: one.live === undefined ? {} : { [`rows${name}`]: one.live },
    };
    const expected = reference.step(name, feeds);
    const actual = await session.step(name, feeds);
    for (const [output, value] of Object.entries(expected)) {
      expectClose(actual[output], value, TOLERANCE, `${output} of ${one.what}, seed ${name}`);
    }
  }
  await session.dispose();
}

/** An entry for each case: the result, and the gradients of its elements' weighted sum. */
function moduleOf(cases: readonly Case[]): Module {
  const build = (m: ModuleBuilder, { seed, shape, weight, live, build }: Case): void => {
    const [batch = 1, ...rest] = shape;
    const rows: Dim = live === undefined ? batch : { size: m.size(`rows${seed}`, { max: batch }), factor: 1 };
    const x = m.input(`x${seed}`, { shape: [rows, ...rest] });
    const w = weight && m.input(`w${seed}`, { shape: weight });
    const y = build(moved(x, seed), w);
    const last = y.shape.length - 1;
    const loss = y.mul(y.iotaLike(last).cast('f32').mul(0.25).add(0.5)).mul(y).sum();
    const [dx = x, dw] = gradients(loss, w === undefined ? [x] : [x, w]);
    m.entry(String(seed), { y, dx, ...(dw === undefined ? {} : { dw }) });
  };
  return defineModule('convolutions', (m) => {
    for (const one of cases) build(m, one);
  });
}

/** Every third operand is one place on, behind ones: what windows read is a choice then. */
function moved(x: Tensor, seed: number): Tensor {
  if (seed % 3 > 0) return x;
  const rest = x.shape.slice(1).map(Number);
  const kept = x.slice([undefined, ...rest.map(() => 0)], [undefined, ...rest.map((extent) => extent - 1)]);
  return kept.pad(
    [0, ...rest.map(() => 1)],
    x.shape.map(() => 0),
    1,
  );
}

function inputsOf({ seed, shape, weight, live, ties }: Case): Record<string, Given> {
  const dice = new Dice(seed ^ 0x3c6ef372);
  const given = (extents: readonly number[]): Given => {
    const count = extents.reduce((n, extent) => n * extent, 1);
    const data = Array.from({ length: count }, () => {
      const value = 4 * dice.unit() - 2;
      return ties ? Math.round(value) : value;
    });
    return { shape: extents, data };
  };
  return {
    [`x${seed}`]: given(live === undefined ? shape : shape.with(0, live)),
    ...(weight === undefined ? {} : { [`w${seed}`]: given(weight) }),
  };
}

function drawn(seed: number): Case {
  const dice = new Dice(seed ^ 0x6a09e667);
  for (;;) {
    const isVolume = seed % 10 === 9;
    const make = isVolume
      ? dice.oneOf([convolution, transposed, pooling])
      : dice.oneOf([convolution, transposed, primitive, primitive, pooling, pooling]);
    const found = make(seed, dice, isVolume);
    if (found !== undefined) return found;
  }
}

/** An operand of one or two axes of space, or of three, in either layout. */
function operandOf(dice: Dice, channels: number, isVolume: boolean): Pick<Case, 'shape' | 'live'> & Operand {
  const rank = isVolume ? 3 : dice.between(1, 2);
  const space = Array.from({ length: rank }, () => dice.between(1, isVolume ? 5 : 11));
  const batch = dice.between(1, 4);
  const isLast = dice.chance(0.4);
  const shape = isLast ? [batch, ...space, channels] : [batch, channels, ...space];
  const [first, last] = (
    [
      ['ncw', 'nwc'],
      ['nchw', 'nhwc'],
      ['ncdhw', 'ndhwc'],
    ] as const
  )[rank - 1] ?? ['ncw', 'nwc'];
  const live = dice.chance(0.4) ? dice.between(1, batch) : undefined;
  return { shape, live, rank, space, layout: isLast ? last : first };
}

interface Operand {
  readonly rank: number;
  readonly space: readonly number[];
  readonly layout: nn.Layout;
}

function paddingOf(dice: Dice, rank: number, most: number): nn.Padding {
  return dice.oneOf<nn.Padding>([
    'same',
    'valid',
    dice.between(0, most),
    Array.from({ length: rank }, (): [number, number] => [dice.between(0, most), dice.between(0, most)]),
  ]);
}

const each = (rank: number, draw: () => number): number[] => Array.from({ length: rank }, draw);

function convolution(seed: number, dice: Dice, isVolume = false): Case | undefined {
  const groups = dice.oneOf([1, 1, 2, 3]);
  const [inside, outs] = dice.chance(0.3) ? [1, 1] : [dice.between(1, 9), dice.between(1, 9)];
  const operand = operandOf(dice, groups * inside, isVolume);
  const { rank, layout } = operand;
  const weight = [groups * outs, inside, ...each(rank, () => dice.between(1, 4))];
  const options = {
    stride: each(rank, () => dice.between(1, 3)),
    padding: paddingOf(dice, rank, 3),
    dilation: each(rank, () => dice.oneOf([1, 1, 2])),
    groups,
    layout,
  };
  return made(seed, dice, operand, weight, options, (x, w) => nn.convolve(x, given(w), options));
}

function transposed(seed: number, dice: Dice, isVolume = false): Case | undefined {
  const groups = dice.oneOf([1, 1, 2]);
  const [inside, outs] = [dice.between(1, 6), dice.between(1, 6)];
  const operand = operandOf(dice, groups * inside, isVolume);
  const { rank, layout } = operand;
  const weight = [groups * inside, outs, ...each(rank, () => dice.between(1, 4))];
  const options = {
    stride: each(rank, () => dice.between(1, 3)),
    padding: paddingOf(dice, rank, 2),
    outputPadding: each(rank, () => dice.below(2)),
    dilation: each(rank, () => dice.oneOf([1, 1, 2])),
    groups,
    layout,
  };
  return made(seed, dice, operand, weight, options, (x, w) => nn.convolveTransposed(x, given(w), options));
}

/** The primitive itself: both dilations, strides and paddings that crop, which layers and their gradients make. */
function primitive(seed: number, dice: Dice): Case | undefined {
  const rank = dice.between(1, 2);
  const [batch, groups, inside, outs] = [
    dice.between(1, 4),
    dice.oneOf([1, 1, 2]),
    dice.between(1, 8),
    dice.between(1, 8),
  ];
  const shape = [batch, groups, inside, ...each(rank, () => dice.between(1, 11))];
  const weight = [groups, outs, inside, ...each(rank, () => dice.between(1, 4))];
  const options = {
    stride: each(rank, () => dice.between(1, 3)),
    low: each(rank, () => dice.between(-1, 4)),
    high: each(rank, () => dice.between(-1, 4)),
    inputDilation: each(rank, () => dice.between(1, 3)),
    windowDilation: each(rank, () => dice.oneOf([1, 1, 2])),
  };
  const live = dice.chance(0.4) ? dice.between(1, batch) : undefined;
  return made(seed, dice, { shape, live }, weight, options, (x, w) => x.convolve(given(w), options));
}

function pooling(seed: number, dice: Dice, isVolume = false): Case | undefined {
  const operand = operandOf(dice, dice.between(1, 5), isVolume);
  const { rank, layout } = operand;
  const kernel = each(rank, () => dice.between(1, 4));
  const [padding, dilation] = [paddingOf(dice, rank, 2), each(rank, () => dice.oneOf([1, 1, 2]))];
  const usual = { padding, layout, ceilMode: dice.chance(0.3) };
  const options = dice.chance(0.4) ? usual : { ...usual, stride: each(rank, () => dice.between(1, 4)) };
  const isMean = dice.chance(0.4);
  const own = isMean ? { countIncludePad: dice.chance(0.5) } : { dilation };
  const [means, maxima] = [
    [nn.avgPool1d, nn.avgPool2d, nn.avgPool3d],
    [nn.maxPool1d, nn.maxPool2d, nn.maxPool3d],
  ];
  const pool = (x: Tensor): Tensor => {
    const make = (isMean ? means : maxima)?.[rank - 1] ?? nn.avgPool1d;
    return make(x, kernel, { ...options, ...own });
  };
  return made(seed, dice, operand, undefined, { isMean, kernel, ...options, ...own }, pool);
}

/** The case, where its window fits: whoever refuses says so in building it. */
function made(
  seed: number,
  dice: Dice,
  { shape, live }: Pick<Case, 'shape' | 'live'>,
  weight: readonly number[] | undefined,
  options: object,
  build: Case['build'],
): Case | undefined {
  const operands = weight === undefined ? `[${shape}]` : `[${shape}] by [${weight}]`;
  const what = `${operands} ${JSON.stringify(options)}`;
  const one = { seed, what, shape, live, weight, ties: dice.chance(0.4), build };
  try {
    moduleOf([one]);
  } catch (error) {
    if (error instanceof ShapeError && error.code === 'window') return undefined;
    throw error;
  }
  return one;
}

function given(weight: Tensor | undefined): Tensor {
  if (weight === undefined) throw new RangeError('the case has no weights');
  return weight;
}
