import type { Tensor } from '../../src/graph/index.ts';
import { type Dim, extentOf } from '../../src/loops/index.ts';
import { type Machine, machines, machineWith } from '../../src/machine/index.ts';
import { Dice } from './dice.ts';
import { draftedCase, LeafDraft } from './leaves.ts';
import type { RandomCase } from './randomGraph.ts';

/**
 * A random module of a product of matrices, or of a batch of them, or of a convolution, with something after it, and
 * reductions of that by some of its axes: sums, extrema, sums of exponentials, variances, of the product alone or with other
 * operands, over rows that may be bounded; what was made is then normed by them, and states are updated.
 *
 * It is the same for one seed.
 */
export function randomStatistics(seed: number): RandomCase {
  return draftedCase({ kind: 'statistics', seed, salt: 0x3c6ef372 }, Draft, (draft) => draft.entry());
}

/**
 * A machine by its number on which loading twice is slow, and computing twice is not: whatever a workgroup makes it reduces,
 * if it can.
 */
export function slowMemory(seed: number): Machine {
  const dice = new Dice(seed ^ 0x510e527f);
  const cores = dice.oneOf([1, 7, 64]);
  return machineWith(machines.webgpu, {
    workgroup: dice.oneOf([32, 32, 64]),
    sums: dice.oneOf([8, 32]),
    cores,
    resident: cores * dice.oneOf([1, 8]),
    coreRate: dice.oneOf([1, 100]),
    cacheRate: 100,
    memoryRate: 100,
    clock: 1e6,
    latency: 1e-6,
    barrier: 1e-6,
    dispatch: dice.oneOf([1e-6, 2]),
  });
}

class Draft extends LeafDraft {
  entry(): void {
    const dice = this.dice;
    const { tensor, kept } = dice.oneOf([
      () => this.#product(),
      () => this.#batched(),
      () => this.#images(),
    ])();
    const y = dice.oneOf([
      () => tensor,
      () => tensor.tanh(),
      () => tensor.add(this.#operand(tensor.shape)),
    ])();
    const axes = tensor.shape.map((_, k) => k).filter((k) => !kept.includes(k));
    const outputs: Record<string, Tensor> = {};
    let normed = y;
    for (let k = dice.between(1, 3); k > 0; k--) {
      const found = this.#statistic(y, axes, kept);
      outputs[`out${k}`] = found;
      if (dice.chance(0.5)) normed = normed.sub(found).mul(0.5);
    }
    outputs.y = normed;
    const [first] = kept;
    const extent = first === undefined ? undefined : y.shape[first];
    const only = kept.length === 1 && typeof extent === 'number';
    if (!only || dice.chance(0.5)) {
      this.m.entry('run', outputs);
      return;
    }
    const state = this.state([extent]);
    const next = state.mul(0.5).add(y.mul(0.25).sum(axes));
    this.m.entry('run', { ...outputs, updates: [{ state, next }] });
  }

  /** Extents around multiples of tiles. */
  #extent(): number {
    return this.dice.oneOf([1, 3, 4, 8, 9, 15, 16, 33]);
  }

  #rows(): Dim {
    const dice = this.dice;
    const extent = dice.oneOf([7, 16, 33, 50]);
    if (!dice.chance(0.3)) return extent;
    this.size ??= this.m.size('rows', { max: extent });
    return { size: this.size, factor: 1 };
  }

  /** A product of matrices: what is kept are columns, or rows. */
  #product(): { tensor: Tensor; kept: readonly number[] } {
    const [k, n] = [this.#extent(), this.#extent()];
    const tensor = this.#operand([this.#rows(), k]).matmul(this.#operand([k, n]));
    if (typeof tensor.shape[0] === 'number' && this.dice.chance(0.3)) return { tensor, kept: [0] };
    return { tensor, kept: [1] };
  }

  /** Products of a batch: with the batch or without. */
  #batched(): { tensor: Tensor; kept: readonly number[] } {
    const dice = this.dice;
    const [batch, k, n] = [dice.between(2, 4), this.#extent(), this.#extent()];
    const rows = dice.oneOf([7, 16, 33]);
    const tensor = this.#operand([batch, rows, k]).matmul(this.#operand([batch, k, n]));
    return { tensor, kept: dice.oneOf([[2], [1], [0, 2], [0, 1], [0]]) };
  }

  /** Images by channels, which are the first or the last axis of them. */
  #images(): { tensor: Tensor; kept: readonly number[] } {
    const dice = this.dice;
    const [features, channels, lines, columns] = [dice.between(1, 4), this.#extent(), dice.between(2, 5), 4];
    const x = this.#operand([dice.between(1, 5), 1, features, lines, columns]);
    const w = this.#operand([1, channels, features, 1, 3]);
    const y = x.convolve(w, { stride: [1, 1], low: [0, 1], high: [0, 1], windowDilation: [1, 1] });
    const images = y.reshape([y.shape[0] ?? 1, ...y.shape.slice(2)]);
    return dice.chance(0.3)
      ? { tensor: images.permute([0, 2, 3, 1]), kept: [3] }
      : { tensor: images, kept: [1] };
  }

  #statistic(y: Tensor, axes: readonly number[], kept: readonly number[]): Tensor {
    const keepDims = true;
    // What stands along the kept axes alone, and what stands everywhere.
    const along = y.shape.map((dim, k) => (kept.includes(k) ? dim : 1));
    return this.dice.oneOf([
      () => y.sum(axes, { keepDims }),
      () => y.max(axes, { keepDims }),
      () => y.variance(axes, { keepDims }),
      () => y.variance(axes, { keepDims }),
      () => y.logSumExp(axes, { keepDims }),
      () => y.mul(this.#operand(y.shape)).sum(axes, { keepDims }),
      () => y.square().mul(this.#operand(along)).sum(axes, { keepDims }),
    ])();
  }

  #operand(shape: readonly Dim[]): Tensor {
    const isFixed = shape.every((dim) => typeof dim === 'number');
    if (isFixed && this.dice.chance(0.2)) return this.state(shape.map(extentOf));
    return this.input(shape);
  }
}
