import type { Dtype } from './dtype.ts';
import type { Axis, Expr, Param, Tensor, TensorRole } from './expr.ts';
import type { Loop, NotedLoop, NotedPartial, Origin, Out, Reduction } from './loop.ts';
import { accumulators } from './loop.ts';
import { type Monoid, monoids } from './monoid.ts';
import { ExprParser, type ExprScope } from './parseExpr.ts';
import { type Dim, extentOf, type Size } from './size.ts';
import { tokenize } from './token.ts';

export { type ExprScope, parseExpr } from './parseExpr.ts';

const ROLES: readonly TensorRole[] = [
  'data',
  'rows',
  'input',
  'constant',
  'state',
  'next',
  'temp',
  'result',
  'workgroup',
  'private',
];
const PARAM_TYPES = ['f32', 'i32', 'u32'] as const;

/**
 * Loops from their text (see `printLoops`). Throws LoopTextError, with line and column, for text that is not
 * in the language, a name that is not declared, or operands of wrong types.
 */
export function parseLoops(text: string): Loop[] {
  const parser = new LoopParser(text);
  const loops: Loop[] = [];
  for (parser.skipLines(); !parser.atEnd(); parser.skipLines()) {
    if (parser.declaration()) continue;
    if (!parser.atWord('loop')) parser.fail('expected tensor, axis, param or loop');
    loops.push(parser.loop().loop);
  }
  return loops;
}

/** Words that start a line which is not part of the loop above it. */
const STATEMENTS = ['tensor', 'axis', 'param', 'loop', 'prologue', 'group', 'dispatch'] as const;

/** Reads declarations and loops; what expressions may name is what was declared above. */
export class LoopParser extends ExprParser {
  protected readonly tensors = new Map<string, Tensor>();
  readonly #axes = new Map<string, Axis>();
  readonly #params = new Map<string, Param>();
  readonly #sizes = new Map<string, Size>();
  readonly #origins = new Map<string, Origin>();

  constructor(text: string) {
    super(tokenize(text), {});
  }

  /** Reads a declaration, if one stands here. */
  declaration(): boolean {
    if (this.acceptWord('tensor')) this.#tensor();
    else if (this.acceptWord('axis')) this.#sharedAxis();
    else if (this.acceptWord('param')) this.#param();
    else return false;
    return true;
  }

  #tensor(): void {
    const written = this.newName(this.tensors, 'tensor');
    const name = this.#named(written, 'a tensor');
    this.expect(':');
    const dtype: Dtype = this.dtype();
    this.expect('[');
    const shape = this.list(']', () => this.#dim());
    const role = this.oneOf(ROLES, 'a role');
    const over = this.acceptWord('over') ? this.named(this.tensors, 'tensor') : undefined;
    this.tensors.set(written, { name, shape, dtype, role, ...(over === undefined ? {} : { over }) });
    this.endLine();
  }

  #param(): void {
    const name = this.newName(this.#params, 'parameter');
    this.expect(':');
    const dtype = this.oneOf(PARAM_TYPES, 'a parameter type');
    this.expect('=');
    const initial = this.literal();
    if (initial.dtype !== dtype)
      this.fail(`a ${initial.dtype} as first value of a parameter of type ${dtype}`);
    this.#params.set(name, { name, dtype, initial: initial.value });
    this.endLine();
  }

  #dim(): Dim {
    let factor = 1;
    if (this.peek().kind === 'number') {
      const n = this.integer();
      if (!this.accept('*')) return n;
      factor = n;
    }
    return { size: this.size(), factor };
  }

  /** `batch<=128`; one name means one size all through the text. */
  protected override size(): Size {
    const token = this.peek();
    const name = this.name('a size');
    this.expect('<=');
    const max = this.integer();
    const known = this.#sizes.get(name);
    if (known !== undefined && known.max !== max) {
      this.fail(`size ${name} is at most ${known.max} above, and ${max} here`, token);
    }
    const size = known ?? { name, max };
    this.#sizes.set(name, size);
    return size;
  }

  /** `i: 4`, or the name alone of an axis that is declared for several loops. */
  #axis(axes: Map<string, Axis>): Axis {
    const written = this.newName(axes, 'axis');
    const shared = this.#axes.get(written);
    if (shared !== undefined && !this.atWord('named') && !this.atSymbol(':')) {
      axes.set(written, shared);
      return shared;
    }
    return this.#newAxis(written, axes);
  }

  #sharedAxis(): void {
    this.#newAxis(this.newName(this.#axes, 'axis'), this.#axes);
    this.endLine();
  }

  #newAxis(written: string, axes: Map<string, Axis>): Axis {
    const name = this.#named(written, 'an axis');
    this.expect(':');
    const dim = this.#dim();
    let live = typeof dim === 'number' ? undefined : dim;
    if (this.acceptWord('live')) {
      const bound = this.#dim();
      if (typeof bound === 'number') this.fail('the live extent of an axis is that of a bounded size');
      else live = bound;
    }
    const axis: Axis = { name, extent: extentOf(dim), ...(live === undefined ? {} : { live }) };
    axes.set(written, axis);
    return axis;
  }

  /** What a thing is called where its name in the text is another: `x_1 named x`. */
  #named(written: string, what: string): string {
    return this.acceptWord('named') ? this.name(what) : written;
  }

  /** A loop, with what its group says of it. */
  loop(): Required<NotedLoop> {
    this.next();
    const name = this.name('a loop');
    const named = new Map<string, Axis>();
    this.expect('(');
    const axes = this.list(')', () => this.#axis(named));
    const reduceAxes: Axis[] = [];
    if (this.acceptWord('reduce')) {
      this.expect('(');
      reduceAxes.push(...this.list(')', () => this.#axis(named)));
    }
    const rows: Axis[] = [];
    if (this.acceptWord('rows')) {
      this.expect('(');
      rows.push(...this.list(')', () => this.named(named, 'axis')));
    }
    this.expect(':');
    this.endLine();
    const reductions: Reduction[] = [];
    const outs: Out[] = [];
    const partials: NotedPartial[] = [];
    const origin: Origin[] = [];
    const shared = new Map<number, Expr>();
    const scope: ExprScope = {
      axes: named,
      tensors: this.tensors,
      params: this.#params,
      shared,
      acc: (reduction, part) => {
        return reductions[reduction] === undefined ? undefined : accumulators(reductions, reduction)[part];
      },
    };
    this.scope = scope;
    for (this.skipLines(); !this.atEnd() && !this.atWord(...STATEMENTS); this.skipLines()) {
      if (this.acceptWord('from')) origin.push(this.#origin());
      else if (this.acceptWord('partial')) {
        const tensor = this.named(this.tensors, 'tensor');
        const at = this.accept('[') ? this.list(']', () => this.named(named, 'axis')) : [];
        this.expect('=');
        partials.push({ tensor, at, ...this.#reduction() });
      } else if (this.accept('%')) {
        const number = this.integer();
        this.expect('=');
        shared.set(number, this.expression());
      } else if (this.atWord(`r${reductions.length}`)) {
        this.name('a reduction');
        this.expect('=');
        reductions.push(this.#reduction());
      } else {
        const tensor = this.named(this.tensors, 'tensor');
        this.expect('[');
        const at = this.list(']', () => this.named(named, 'axis'));
        this.expect('=');
        outs.push({ tensor, at, value: this.expression() });
      }
      this.endLine();
    }
    return { loop: { name, axes, reduceAxes, reductions, outs, origin }, rows, partials };
  }

  #reduction(): Reduction {
    const monoid = this.oneOf(Object.keys(monoids) as Monoid[], 'a monoid');
    this.expect('(');
    const body = this.expression();
    this.expect(')');
    return { monoid, body };
  }

  /** One object for each origin, as the loops of one node share it. */
  #origin(): Origin {
    const node = this.name('a node');
    const origin = this.acceptWord('at') ? { node, source: this.name('a source line') } : { node };
    const key = JSON.stringify(origin);
    const known = this.#origins.get(key) ?? origin;
    this.#origins.set(key, known);
    return known;
  }
}
