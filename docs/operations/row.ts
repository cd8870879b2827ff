/** What the operations page says of one operation. Formulas and shapes are Markdown without its marks. */
export interface Row {
  /** As it is called: `x.sin()`, `concat([a, b], axis)`, `nn.gelu(x)`. The name is what stands before the parenthesis. */
  readonly call: string;
  readonly formula: string;
  /** Of operands and result. */
  readonly shapes: string;
  /** What the cotangent c becomes in each operand; why there is none where there is none. */
  readonly gradient: string;
  /** Zeros, infinities, NaN, empty axes, what is out of range. */
  readonly special: string;
  /** Its names in PyTorch and in JAX; empty where there is none. */
  readonly torch: string;
  readonly jax: string;
}

/** Rows under one heading. */
export interface Section {
  readonly heading: string;
  /** What holds for all of them. */
  readonly about: string;
  readonly rows: readonly Row[];
}

/**
 * A section out of a table: a line for each row, its cells apart by `¦` in the order of {@link Row}.
 *
 * @throws RangeError where a line has fewer or more cells
 */
export function section(heading: string, about: string, table: string): Section {
  const rows = table.trim().split('\n').map(rowOf);
  return { heading, about, rows };
}

function rowOf(line: string): Row {
  const cells = line.split('¦').map((cell) => cell.trim());
  const [call = '', formula = '', shapes = '', gradient = '', special = '', torch = '', jax = ''] = cells;
  if (cells.length !== 7) throw new RangeError(`${cells.length} cells in place of 7: ${line}`);
  return { call, formula, shapes, gradient, special, torch, jax };
}

/** The name of what a row is about, with the namespace that it is in: `sin`, `concat`, `nn.gelu`. */
export function nameOf({ call }: Row): string {
  const [head = ''] = call.split('(');
  return head.replace(/^x\./, '');
}
