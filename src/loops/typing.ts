import type { Dtype } from './dtype.ts';
import type { Apply } from './expr.ts';
import { type ScalarDef, scalarOps, takesCondition } from './scalar.ts';

const accepted: Readonly<Record<ScalarDef['operands'], readonly Dtype[]>> = {
  float: ['f32'],
  number: ['f32', 'i32', 'u32'],
  integer: ['i32', 'u32'],
  word: ['u32'],
  bool: ['bool'],
  any: ['f32', 'i32', 'u32', 'bool'],
  select: ['f32', 'i32', 'u32', 'bool'],
  listed: ['i32'],
};

/** What is wrong with an application's types. */
export interface TypeIssue {
  readonly text: string;
  /** The operand types that the operation takes, where they are what is wrong. */
  readonly accepted?: readonly Dtype[];
}

/** What is wrong with the types of one application, by its operation's row; undefined where nothing is. */
export function typeIssue(expr: Apply): TypeIssue | undefined {
  const def: ScalarDef = scalarOps[expr.op];
  const types = expr.args.map((arg) => arg.dtype);
  if (types.length !== def.arity) return { text: `${types.length} operands, takes ${def.arity}` };
  const isConditional = takesCondition(def);
  const typed = isConditional ? types.slice(1) : types;
  const [type] = typed;
  if (type === undefined || typed.some((t) => t !== type)) return { text: 'operands of different types' };
  if (isConditional && types[0] !== 'bool') return { text: `the condition is ${types[0]}, no bool` };
  const takes = accepted[def.operands];
  if (!takes.includes(type)) return { text: `${expr.op} of ${type}`, accepted: takes };
  if (expr.dtype === 'u8') return { text: 'gives u8, which is for storage only' };
  if (def.result === 'cast') return undefined;
  const result = def.result === 'bool' ? 'bool' : type;
  return expr.dtype === result ? undefined : { text: `gives ${result}, typed ${expr.dtype}` };
}

/** Whether a number is a value of a type that is computed with: whole and in range for integers, 0 or 1 for bools. */
export function isValueOf(value: number, dtype: Dtype): boolean {
  switch (dtype) {
    case 'f32':
      return true;
    case 'i32':
      return (value | 0) === value;
    case 'u32':
      return value >>> 0 === value;
    case 'bool':
      return value === 0 || value === 1;
    case 'u8':
      return false;
    default:
      return dtype satisfies never;
  }
}
