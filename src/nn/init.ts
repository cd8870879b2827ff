import { listText, quoted, requireNumbers, requireOption } from '../graph/arguments.ts';
import { GraphError, type Initializer, type Values, wordsOf } from '../graph/index.ts';

/** Zeros: the usual first value of biases and moments. */
export function zeros(): Initializer {
  return constant(0);
}

export function ones(): Initializer {
  return constant(1);
}

/** One value everywhere. */
export function constant(value: number): Initializer {
  requireOption('constant', 'the value', value, true, 'a number');
  return () => ({ kind: 'constant', value });
}

/** Evenly from `low` (included) to `high` (excluded); of a u32 state whole numbers, up to 2³² - 1. */
export function uniform(low: number, high: number): Initializer {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high)) {
    throw new GraphError('option', 'uniform', `the range ${low} to ${high} must be finite and in order`);
  }
  return (_shape, stream) => ({ kind: 'uniform', low, high, stream });
}

/** Normally distributed. */
export function normal(mean = 0, deviation = 1): Initializer {
  if (!(Number.isFinite(mean) && Number.isFinite(deviation) && deviation >= 0)) {
    throw new GraphError(
      'option',
      'normal',
      `mean ${mean} and deviation ${deviation} must be finite, the latter not negative`,
    );
  }
  return (_shape, stream) => ({ kind: 'normal', mean, deviation, stream });
}

/** Uniform within `±sqrt(6 / (in + out))` (Glorot and Bengio 2010). */
export function glorotUniform(): Initializer {
  return within((fanIn, fanOut) => Math.sqrt(6 / (fanIn + fanOut)));
}

/** Normal of variance `2 / (in + out)` (Glorot and Bengio 2010). */
export function glorotNormal(): Initializer {
  return deviating((fanIn, fanOut) => Math.sqrt(2 / (fanIn + fanOut)));
}

/** Uniform within `±sqrt(6 / in)`, for layers before a ReLU (He et al. 2015). */
export function heUniform(): Initializer {
  return within((fanIn) => Math.sqrt(6 / fanIn));
}

/** Normal of variance `2 / in`, for layers before a ReLU (He et al. 2015). */
export function heNormal(): Initializer {
  return deviating((fanIn) => Math.sqrt(2 / fanIn));
}

/** Given values in row-major order, such as trained weights: as many as the state has elements, of its element type. */
export function values(given: Values): Initializer {
  return (shape, _stream, dtype, name) => {
    requireNumbers('state', given, dtype, name);
    const wanted = shape.reduce((a, b) => a * b, 1);
    if (given.length !== wanted) {
      const text = `${given.length} given values for the shape ${listText(shape)} of ${wanted} elements`;
      throw new GraphError('values', 'state', `${quoted(name)}: ${text}`);
    }
    return { kind: 'values', words: wordsOf(given, dtype) };
  };
}

type Scale = (fanIn: number, fanOut: number) => number;

function within(bound: Scale): Initializer {
  return (shape, stream) => {
    const high = bound(...fans(shape));
    return { kind: 'uniform', low: -high, high, stream };
  };
}

function deviating(deviation: Scale): Initializer {
  return (shape, stream) => ({ kind: 'normal', mean: 0, deviation: deviation(...fans(shape)), stream });
}

/** Connections into and out of one unit, for weights `[..., in, out]`; dimensions before these multiply both. */
function fans(shape: readonly number[]): [fanIn: number, fanOut: number] {
  const fanOut = shape.at(-1) ?? 1;
  const fanIn = shape.at(-2) ?? fanOut;
  const field = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  // Without elements nothing is drawn; 1 keeps the (unused) bound finite.
  return [Math.max(1, field * fanIn), Math.max(1, field * fanOut)];
}
