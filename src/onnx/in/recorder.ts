import { Tensor } from '../../graph/index.ts';

/** A call, or a part of what one gave, as it would be written. */
export interface Expression {
  /** In the order of calls: operands come first. */
  readonly id: number;
  /** What is called: a function by its path, or a method of a value. */
  readonly callee: { readonly path: string } | { readonly of: Expression; readonly method: string };
  readonly args: readonly Argument[];
  /** Which part of the result it is: of a list by its number, of an object by its name. */
  readonly part?: { readonly of: Expression; readonly key: string | number };
  /** What its name is made of, where it has one. */
  name?: string;
}

/** An argument: what was made by a call before, or data that is written as it is. */
export type Argument =
  | { readonly kind: 'made'; readonly expression: Expression }
  | { readonly kind: 'list'; readonly items: readonly Argument[] }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [string, Argument])[] }
  | { readonly kind: 'data'; readonly value: number | string | boolean | undefined }
  | { readonly kind: 'named'; readonly text: string };

/**
 * Keeps the calls that are made of functions and of methods of tensors. Who calls sees tensors as ever: each is a proxy of
 * the tensor, whose methods are kept; calls that these make themselves are not.
 */
export class Recorder {
  readonly #expressions = new WeakMap<object, Expression>();
  readonly #plain = new WeakMap<object, Tensor>();
  readonly #named = new WeakMap<object, string>();
  #calls = 0;

  /** The functions of an object, whose calls are kept under a path: `nn`, or none. */
  namespace<T extends object>(path: string, functions: T): T {
    this.#named.set(functions, path);
    const proxy = new Proxy(functions, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (!isFunction(value) || typeof key !== 'string') return value;
        const callee = { path: path === '' ? key : `${path}.${key}` };
        return (...args: readonly unknown[]): unknown => this.#call(callee, args, value, target);
      },
    });
    this.#named.set(proxy, path);
    return proxy;
  }

  /** Says what the name of a value is made of; the first one stays. */
  name(value: object, name: string): void {
    const expression = this.#expressions.get(value);
    if (expression !== undefined) expression.name ??= name;
  }

  /** The expression of what a call gave; undefined of other values. */
  expressionOf(value: object): Expression | undefined {
    return this.#expressions.get(value);
  }

  #call(
    callee: Expression['callee'],
    args: readonly unknown[],
    run: CallableFunction,
    self: object,
  ): unknown {
    const result: unknown = Reflect.apply(
      run,
      self,
      args.map((arg) => this.#plainOf(arg)),
    );
    const expression: Expression = {
      id: this.#calls++,
      callee,
      args: trimmed(args.map((arg) => this.#argumentOf(arg))),
    };
    return this.#kept(result, expression);
  }

  /** A result whose tensors are known by an expression. */
  #kept(result: unknown, expression: Expression): unknown {
    if (result instanceof Tensor) {
      const { callee } = expression;
      // What moves nothing gives the tensor itself: then nothing was called.
      const before = 'of' in callee ? this.#tensors.get(callee.of) : undefined;
      if (before !== undefined && before.node === result.node) return this.#proxyOf(before, callee);
      return this.#proxied(result, expression);
    }
    if (typeof result !== 'object' || result === null) return result;
    const part = (key: string | number): Expression => ({
      ...expression,
      id: this.#calls++,
      part: { of: expression, key },
    });
    if (Array.isArray(result)) return result.map((item: unknown, k) => this.#kept(item, part(k)));
    this.#expressions.set(result, expression);
    const entries = Object.entries(result);
    if (!entries.some(([, value]) => value instanceof Tensor)) return result;
    return Object.fromEntries(entries.map(([key, value]) => [key, this.#kept(value, part(key))]));
  }

  readonly #tensors = new WeakMap<Expression, Tensor>();
  readonly #proxies = new WeakMap<Expression, Tensor>();

  #proxyOf(tensor: Tensor, callee: Expression['callee']): Tensor {
    return ('of' in callee ? this.#proxies.get(callee.of) : undefined) ?? tensor;
  }

  #proxied(tensor: Tensor, expression: Expression): Tensor {
    const proxy = new Proxy(tensor, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (!isFunction(value) || typeof key !== 'string') return value;
        return (...args: readonly unknown[]): unknown =>
          this.#call({ of: expression, method: key }, args, value, target);
      },
    });
    this.#expressions.set(proxy, expression);
    this.#plain.set(proxy, tensor);
    this.#tensors.set(expression, tensor);
    this.#proxies.set(expression, proxy);
    return proxy;
  }

  /** An argument as functions take it: without proxies. */
  #plainOf(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const tensor = this.#plain.get(value);
    if (tensor !== undefined) return tensor;
    if (Array.isArray(value)) return value.map((item) => this.#plainOf(item));
    if (!isPlain(value) || this.#named.has(value) || this.#expressions.has(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#plainOf(item)]));
  }

  #argumentOf(value: unknown): Argument {
    switch (typeof value) {
      case 'number':
      case 'string':
      case 'boolean':
      case 'undefined':
        return { kind: 'data', value };
      default:
        break;
    }
    if (typeof value !== 'object' || value === null)
      throw new TypeError(`an argument ${String(value)} is not written`);
    const text = this.#named.get(value);
    if (text !== undefined) return { kind: 'named', text };
    const expression = this.#expressions.get(value);
    if (expression !== undefined) return { kind: 'made', expression };
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      const items: readonly unknown[] = Array.from(value as ArrayLike<unknown>);
      return { kind: 'list', items: items.map((item) => this.#argumentOf(item)) };
    }
    const fields = Object.entries(value).filter(([, item]) => item !== undefined);
    // A dimension that is a bounded size itself.
    if ('size' in value && 'factor' in value && value.factor === 1) return this.#argumentOf(value.size);
    return {
      kind: 'object',
      fields: fields.map(([key, item]) => [key, this.#argumentOf(item)] as const),
    };
  }
}

function isFunction(value: unknown): value is CallableFunction {
  return typeof value === 'function';
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** Arguments without those at the end that are left out, or are options of nothing. */
function trimmed(args: readonly Argument[]): readonly Argument[] {
  return args.slice(0, args.findLastIndex((arg) => !isNothing(arg)) + 1);
}

function isNothing(arg: Argument): boolean {
  if (arg.kind === 'object') return arg.fields.length === 0;
  return arg.kind === 'data' && arg.value === undefined;
}
