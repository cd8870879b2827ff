import type { Axis, Expr, Loop, Size, Tensor } from '../../src/loops/index.ts';

/**
 * Loops as plain data, so that equal structure is deep equality: what has an identity (tensors, axes, sizes, origins)
 * stands as a number, in order of first use, with what it is.
 */
export class Structure {
  readonly #numbers = new Map<object, number>();
  readonly #seen = new Map<string, unknown>();

  #number(kind: string, thing: object, what: () => unknown): string {
    const known = this.#numbers.get(thing);
    if (known !== undefined) return `${kind} ${known}`;
    const number = this.#numbers.size;
    this.#numbers.set(thing, number);
    this.#seen.set(`${kind} ${number}`, what());
    return `${kind} ${number}`;
  }

  /** Everything that was numbered. */
  known(): unknown {
    return Object.fromEntries(this.#seen);
  }

  #dim(dim: Tensor['shape'][number]): unknown {
    return typeof dim === 'number' ? dim : [this.#size(dim.size), dim.factor];
  }

  #size(size: Size): unknown {
    return this.#number('size', size, () => ({ ...size }));
  }

  axis(axis: Axis): unknown {
    return this.#number('axis', axis, () => [axis.name, axis.extent, axis.live && this.#dim(axis.live)]);
  }

  tensor(tensor: Tensor): unknown {
    const { name, dtype, role, over, shape } = tensor;
    const what = (): unknown => [
      name,
      dtype,
      role,
      shape.map((d) => this.#dim(d)),
      over && this.tensor(over),
    ];
    return this.#number('tensor', tensor, what);
  }

  expr(e: Expr): unknown {
    switch (e.kind) {
      case 'axis':
        return this.axis(e.axis);
      case 'load':
        return [this.tensor(e.tensor), e.dtype, e.at.map((x) => this.expr(x))];
      case 'apply':
        return [e.op, e.dtype, e.args.map((x) => this.expr(x))];
      case 'live':
        return ['live', this.#size(e.size)];
      default:
        return e;
    }
  }

  loop(loop: Loop): unknown {
    return {
      ...loop,
      axes: loop.axes.map((a) => this.axis(a)),
      reduceAxes: loop.reduceAxes.map((a) => this.axis(a)),
      reductions: loop.reductions.map((r) => [r.monoid, this.expr(r.body)]),
      outs: loop.outs.map((o) => [this.tensor(o.tensor), o.at.map((a) => this.axis(a)), this.expr(o.value)]),
      origin: loop.origin.map((origin) =>
        this.#number('origin', origin, () => ({ node: origin.node, source: origin.source })),
      ),
    };
  }
}

/** Loops as plain data. */
export function structureOf(loops: readonly Loop[]): unknown {
  const structure = new Structure();
  return [loops.map((loop) => structure.loop(loop)), structure.known()];
}
