import type { Axis, Expr } from '../loops/index.ts';
import { type Code, i32 } from './code.ts';
import type { Knowledge } from './knowledge.ts';
import type { Lanes } from './operations.ts';

/**
 * The open regions of a function (its body, loops, arms of choices) as places where values are computed: each in the outermost
 * one where it can be, once, under a key.
 */
export class Regions {
  readonly code: Code;
  readonly #facts: Knowledge;

  constructor(code: Code, facts: Knowledge) {
    this.code = code;
    this.#facts = facts;
  }

  known(key: string): string | undefined {
    for (const scope of this.code.scopes) {
      const known = scope.known.get(key);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  /** The outermost open region in which an expression can be evaluated. */
  levelOf(expr: Expr): number {
    const { axes, vars, loads } = this.#facts.factsOf(expr);
    const { scopes } = this.code;
    let level = scopes.length - 1;
    for (; level > 0; level--) {
      const scope = scopes[level];
      if (scope === undefined || (loads && scope.guarded)) break;
      if (hasKeyOf(scope.axes, axes) || hasKeyOf(scope.vars, vars)) break;
    }
    // What only one arm needs is computed in it, unless it can be computed before a loop.
    while (scopes[level + 1]?.guarded === true) level++;
    return level;
  }

  inRegion(level: number, key: string, sum: string, name: string): string {
    if (isName(sum)) return sum;
    const known = this.known(key);
    if (known !== undefined) return known;
    const scope = this.code.scopes[level] ?? this.code.scope;
    const made = this.code.let(`${name}_at`, 'i32', sum, scope);
    scope.known.set(key, made);
    return made;
  }

  axis(axis: Axis): string {
    for (const scope of this.code.scopes) {
      const text = scope.axes.get(axis);
      if (text !== undefined) return text;
    }
    if (axis.extent <= 1) return i32(0);
    throw new RangeError(`${this.code.name}: axis ${axis.name} has no value here`);
  }

  variable(name: string): { readonly text: string; readonly lanes: Lanes } {
    const { scopes } = this.code;
    for (let level = scopes.length - 1; level >= 0; level--) {
      const variable = scopes[level]?.vars.get(name);
      if (variable !== undefined) return variable;
    }
    throw new RangeError(`${this.code.name}: variable ${name} has no value here`);
  }
}

/** Whether a map has one of some keys. */
function hasKeyOf<K>(map: ReadonlyMap<K, unknown>, keys: ReadonlySet<K>): boolean {
  if (map.size > 0) for (const key of keys) if (map.has(key)) return true;
  return false;
}

/** Whether a text only reads a local. */
export function isName(text: string): boolean {
  return text.startsWith('(local.get ');
}
