import { apply, type Expr, extentOf, int, type Tensor } from '../loops/index.ts';

/** The row-major number of the element at `at`, an index for each dimension; constants gathered at the end. */
export function flatIndex(tensor: Tensor, at: readonly Expr[]): Expr {
  let [sum, rest]: [Expr | undefined, number] = [undefined, 0];
  let stride = 1;
  const terms: Expr[] = [];
  for (let d = at.length - 1; d >= 0; d--) {
    let extent = extentOf(tensor.shape[d] ?? 1);
    let index = at[d];
    // A dimension that was split in two, and is read at the quotient and the remainder of one number, is whole again.
    let whole = splitNumber(at[d - 1], index, extent);
    while (whole !== undefined) {
      index = whole;
      d--;
      extent *= extentOf(tensor.shape[d] ?? 1);
      whole = splitNumber(at[d - 1], index, extent);
    }
    // The only index of an extent of one is 0; the first of `data` may be any row.
    const fixed = extent === 1 && !(d === 0 && tensor.role === 'data');
    if (index !== undefined && !fixed) {
      if (index.kind === 'apply' && index.op === 'add' && index.args[1]?.kind === 'const') {
        rest += index.args[1].value * stride;
        index = index.args[0];
      }
      if (index?.kind === 'const') rest += index.value * stride;
      else if (index !== undefined) terms.unshift(stride === 1 ? index : apply('mul', index, int(stride)));
    }
    stride *= extent;
  }
  for (const term of terms) sum = sum === undefined ? term : apply('add', sum, term);
  return sum === undefined ? int(rest | 0) : plus(sum, rest);
}

/** `index + offset`, the constants of both gathered at the end. */
export function offsetIndex(index: Expr, offset: number): Expr {
  if (index.kind === 'const') return int(index.value + offset);
  if (index.kind !== 'apply') return plus(index, offset);
  const [sum, last] = index.args;
  if (sum === undefined || last?.kind !== 'const') return plus(index, offset);
  if (index.op === 'add') return plus(sum, offset + last.value);
  return index.op === 'sub' ? plus(sum, offset - last.value) : plus(index, offset);
}

/** A sum in 32 bits, as targets add. */
function plus(sum: Expr, offset: number): Expr {
  const rest = offset | 0;
  if (rest === 0) return sum;
  return rest > 0 || rest === -(2 ** 31) ? apply('add', sum, int(rest)) : apply('sub', sum, int(-rest));
}

/**
 * The number that two indices are the quotient and the remainder of by `extent`, if they are; where the quotient is a
 * remainder itself, the remainder of that number by both.
 */
function splitNumber(outer: Expr | undefined, inner: Expr | undefined, extent: number): Expr | undefined {
  const [rest, quotient] = [dividedBy(inner, 'mod'), dividedBy(outer, 'idiv')];
  if (rest?.by !== extent) return undefined;
  if (quotient !== undefined) return quotient.by === extent && quotient.of === rest.of ? rest.of : undefined;
  const above = dividedBy(outer, 'mod');
  const part = dividedBy(above?.of, 'idiv');
  if (above === undefined || part?.by !== extent || part.of !== rest.of) return undefined;
  return apply('mod', rest.of, int(extent * above.by));
}

/** What is divided by which constant; undefined where nothing is. */
function dividedBy(
  expr: Expr | undefined,
  op: 'idiv' | 'mod',
): { readonly of: Expr; readonly by: number } | undefined {
  if (expr?.kind !== 'apply' || expr.op !== op) return undefined;
  const [of, by] = expr.args;
  return of !== undefined && by?.kind === 'const' ? { of, by: by.value } : undefined;
}
