import { childrenOf, type Expr, subexpressions, type ValueNumbers } from '../loops/index.ts';

/**
 * When a value is needed: always; or in any of these cases, each a conjunction of literals (`2 * number` for
 * a condition that fails, `2 * number + 1` for one that holds); or in too many cases to tell.
 */
export type Need =
  | { readonly kind: 'always' }
  | { readonly kind: 'when'; readonly cases: readonly (readonly number[])[] }
  | { readonly kind: 'unknown' };

const ALWAYS: Need = { kind: 'always' };
const MOST_CASES = 4;

/** When each subexpression of a statement's expressions is needed. */
export interface Needs {
  readonly of: (expr: Expr) => Need;
}

/**
 * The needs of all that `roots` hold: a `select` needs its condition, and one operand.
 *
 * @param numbers what the literals number
 */
export function needs(roots: readonly Expr[], numbers: ValueNumbers): Needs {
  const known = new Map<Expr, Need>();
  const add = (expr: Expr, need: Need): void => {
    const old = known.get(expr);
    known.set(expr, old === undefined ? need : either(old, need));
  };
  for (const root of roots) add(root, ALWAYS);
  // Operands come before their users in the list: users first.
  for (const expr of subexpressions(...roots).reverse()) {
    const need = known.get(expr) ?? ALWAYS;
    const [condition, x, y] = childrenOf(expr);
    if (expr.kind === 'apply' && expr.op === 'select' && condition && x && y) {
      let [plain, truth] = [condition, 1];
      while (plain.kind === 'apply' && plain.op === 'not' && plain.args[0]) {
        [plain, truth] = [plain.args[0], 1 - truth];
      }
      const literal = 2 * numbers.of(plain);
      add(condition, need);
      add(x, both(need, literal + truth));
      add(y, both(need, literal + 1 - truth));
    } else for (const child of childrenOf(expr)) add(child, need);
  }
  return { of: (expr) => known.get(expr) ?? ALWAYS };
}

function both(need: Need, literal: number): Need {
  switch (need.kind) {
    case 'always':
      return { kind: 'when', cases: [[literal]] };
    case 'when': {
      // A case in which the condition fails and holds does not happen.
      const cases = need.cases
        .filter((c) => !c.includes(literal ^ 1))
        .map((c) => (c.includes(literal) ? c : [...c, literal]));
      return cases.length === 0 ? need : { kind: 'when', cases };
    }
    case 'unknown':
      return need;
    default:
      return need satisfies never;
  }
}

function either(a: Need, b: Need): Need {
  if (a.kind === 'always' || b.kind === 'always') return ALWAYS;
  if (a.kind === 'unknown' || b.kind === 'unknown') return { kind: 'unknown' };
  let cases = [...a.cases];
  const queue = [...b.cases];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const item = next;
    if (cases.some((c) => c.every((l) => item.includes(l)))) continue;
    cases = cases.filter((c) => !item.every((l) => c.includes(l)));
    // x and c, or x and not c: x.
    const partner = cases.find(
      (c) => c.length === item.length && c.filter((l) => !item.includes(l)).length === 1 && opposite(c, item),
    );
    if (partner === undefined) {
      cases.push(item);
      continue;
    }
    cases = cases.filter((c) => c !== partner);
    const rest = item.filter((l) => partner.includes(l));
    if (rest.length === 0) return ALWAYS;
    queue.push(rest);
  }
  return cases.length > MOST_CASES ? { kind: 'unknown' } : { kind: 'when', cases };
}

/** Whether one literal of `b` is missing in `a`, and `a` has its opposite. */
function opposite(a: readonly number[], b: readonly number[]): boolean {
  const own = b.filter((l) => !a.includes(l));
  return own.length === 1 && own[0] !== undefined && a.includes(own[0] ^ 1);
}
