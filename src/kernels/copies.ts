import { type Expr, mapExpr, type Tensor } from '../loops/index.ts';
import type { Scheduled } from '../schedule/best.ts';
import { type PlaceInArena, spanOf } from './barriers.ts';
import { type Element, type Kernel, mapStatement } from './kernel.ts';
import { meetings } from './meetings.ts';

/** What a stage is, however its tensors, axes and loops are called. */
export interface StageShape {
  /** Equal for stages whose kernels differ in names alone: whatever a kernel is made of is in it. */
  readonly key: string;
  /** Its tensors: those of an equal come in the same order. */
  readonly tensors: readonly Tensor[];
}

/**
 * The shape of a stage by its groups with their schedules, in the order of the grid. The plan of memory counts: which tensors
 * meet in it decides which barriers a kernel keeps. Inputs and outputs keep their names, which are their places.
 *
 * @param placeOf where tensors lie
 */
export function stageShapeOf(groups: readonly Scheduled[], placeOf: PlaceInArena): StageShape {
  const shape = new Shape();
  shape.add(groups.map(({ group, schedule }) => [group, schedule]));
  shape.add(memoryOf(shape.tensors, placeOf));
  return { key: shape.text(), tensors: shape.tensors };
}

/** A text of plain data in which each object stands once, and then by its number. */
class Shape {
  readonly tensors: Tensor[] = [];
  readonly #parts: string[] = [];
  readonly #numbers = new Map<object, number>();

  text(): string {
    return this.#parts.join('');
  }

  add(value: unknown): void {
    if (typeof value === 'number' && Object.is(value, -0)) this.#parts.push('-0,');
    else if (typeof value === 'string') this.#parts.push(JSON.stringify(value), ',');
    else if (typeof value !== 'object' || value === null) this.#parts.push(String(value), ',');
    else this.#object(value);
  }

  #object(value: object): void {
    const known = this.#numbers.get(value);
    if (known !== undefined) {
      this.#parts.push('#', String(known), ',');
      return;
    }
    this.#numbers.set(value, this.#numbers.size);
    // Their contents are not fields: unequal ones would look equal.
    if (value instanceof Map || value instanceof Set)
      throw new TypeError('a shape is made of plain data, not of maps and sets');
    if (Array.isArray(value)) {
      this.#parts.push('[');
      for (const item of value) this.add(item);
      this.#parts.push(']');
      return;
    }
    const isTensor = 'role' in value && 'shape' in value;
    if (isTensor) this.tensors.push(value as Tensor);
    const isNamed = isTensor ? hasOwnPlace(value as Tensor) : !('extent' in value || 'reduceAxes' in value);
    this.#parts.push('{');
    for (const [field, of] of Object.entries(value)) {
      if (field === 'origin' || (field === 'name' && !isNamed)) continue;
      this.#parts.push(field, ':');
      this.add(of);
    }
    this.#parts.push('}');
  }
}

/** Whether a tensor's name, and not the plan of memory, says where it lies. */
function hasOwnPlace({ role }: Tensor): boolean {
  return role === 'data' || role === 'rows' || role === 'input' || role === 'result';
}

/** The arena of each tensor, of outputs the place too, and which of them share memory. */
function memoryOf(tensors: readonly Tensor[], placeOf: PlaceInArena): (string | number)[] {
  const arenas = tensors.flatMap((tensor) => {
    const place = placeOf(tensor);
    if (place === undefined) return [''];
    return tensor.role === 'result' ? [place.arena, place.offset] : [place.arena];
  });
  return [...arenas, ...meetings(tensors.map((tensor) => spanOf(tensor, placeOf))).flat()];
}

/** A kernel that is another one over other tensors. */
export interface Copy {
  readonly of: Kernel;
  readonly tensors: ReadonlyMap<Tensor, Tensor>;
}

const copies = new WeakMap<Kernel, Copy>();

/** The kernel that one is a copy of, and the tensors that it has in the place of that one's; undefined for none. */
export function copyOf(kernel: Kernel): Copy | undefined {
  return copies.get(kernel);
}

/**
 * A kernel over other tensors, in every other way the same: what was checked of the one holds for the other. Names of
 * variables, and comments, stay those of the first: dispatches of kernels that are alike run one text. A report says of each
 * dispatch its own nodes (`report.ts`).
 */
export function copied<K extends Kernel>(
  kernel: K,
  tensors: ReadonlyMap<Tensor, Tensor>,
  { name, origin }: Pick<Kernel, 'name' | 'origin'>,
): K {
  const memo = new Map<Expr, Expr>();
  const expr = (e: Expr): Expr =>
    mapExpr(
      e,
      (x) => {
        const to = x.kind === 'load' ? tensors.get(x.tensor) : undefined;
        return x.kind !== 'load' || to === undefined ? x : { ...x, tensor: to };
      },
      memo,
    );
  const at = (tensor: Tensor, index: readonly Expr[]): Element => ({
    tensor: tensors.get(tensor) ?? tensor,
    at: index,
  });
  const made = { ...kernel, name, origin, body: kernel.body.map((stmt) => mapStatement(stmt, expr, at)) };
  copies.set(made, { of: kernel, tensors });
  return made;
}
