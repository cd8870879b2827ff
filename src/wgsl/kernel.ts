import { offsetIndex } from '../kernels/flatIndex.ts';
import {
  type Arena,
  type EvaluatedKernel,
  expressionsOf,
  LOCAL_ID,
  type Placement,
  type Stmt,
  statementsIn,
  WORKGROUP_ID,
} from '../kernels/kernel.ts';
import { KernelScope } from '../kernels/kernelScope.ts';
import { commentText, fieldWish, liveField, Names, paramField } from '../kernels/names.ts';
import { Roundings } from '../kernels/roundings.ts';
import { type CodeLine, linesOf, linesOfLoop, textOfLines } from '../kernels/spans.ts';
import { type Dtype, type Expr, elementCount, int, type Load, loadsIn, type Tensor } from '../loops/index.ts';
import { foldGrid } from '../runtime/grid.ts';
import type { StepField } from '../runtime/program.ts';
import { type Printed, printWgslExpr } from './expr.ts';
import { type WgslConstant, type WgslFunctionName, wgslDeclarations, wgslFunctions } from './math.ts';

/**
 * A kernel as a WGSL module with the entry point `main`, against the bindings of `src/runtime/program.ts`.
 * Stable from run to run. What `verifyKernel` accepts prints, and what is printed compiles. Every expression is
 * spelled where the kernel has it; the place of a tensor in its arena is added to its elements' numbers.
 *
 * @param placement where each tensor of a buffer lies
 * @param stepFields all fields of the program's step block, in order; fields are named by `names.ts`
 * @throws TypeError where a step field or a placement that the kernel needs is missing
 */
export function printWgsl(
  kernel: EvaluatedKernel,
  placement: (tensor: Tensor) => Placement,
  stepFields: readonly StepField[],
): string {
  return `${textOfLines(printWgslLines(kernel, placement, stepFields))}\n`;
}

/** The same as lines that say which loop they compute. */
export function printWgslLines(
  kernel: EvaluatedKernel,
  placement: (tensor: Tensor) => Placement,
  stepFields: readonly StepField[],
): readonly CodeLine[] {
  return new WgslPrinter(kernel, placement, stepFields).module();
}

const bindings = {
  data: { binding: 1, access: 'read', element: 'u32' },
  state: { binding: 2, access: 'read_write', element: 'f32' },
  temps: { binding: 3, access: 'read_write', element: 'f32' },
  words: { binding: 4, access: 'read_write', element: 'u32' },
  results: { binding: 5, access: 'read_write', element: 'u32' },
} as const satisfies Record<Arena, { binding: number; access: string; element: string }>;

/** Identifiers of the module itself. */
const ownNames = [
  'step',
  'Step',
  'places',
  'Places',
  'main',
  'group',
  'groups',
  'local',
  'infinity_bits',
  'nan_bits',
  'zero',
  'no_bits',
  WORKGROUP_ID,
  LOCAL_ID,
  ...Object.keys(bindings),
  ...Object.keys(wgslFunctions),
];

class WgslPrinter {
  readonly #kernel: EvaluatedKernel;
  readonly #placement: (tensor: Tensor) => Placement;
  readonly #fields: ReadonlyMap<string, { readonly name: string; readonly dtype: StepField['dtype'] }>;
  readonly #names = new Names(ownNames);
  readonly #placeNames = new Names();
  /** Fields of the dispatch's places by their numbers, as far as they are read. */
  readonly #places = new Map<number, string>();
  readonly #arrays = new Map<Tensor, string>();
  readonly #functions = new Set<WgslFunctionName>();
  readonly #constants = new Set<WgslConstant>();
  readonly #arenas = new Set<Arena>();
  readonly #roundings = new Roundings((tensor) => tensor.role === 'private');
  #usesStep = false;
  #zero: string | undefined;
  #noBits: string | undefined;
  #usesWorkgroupId = false;
  #usesLocalId = false;

  constructor(
    kernel: EvaluatedKernel,
    placement: (tensor: Tensor) => Placement,
    stepFields: readonly StepField[],
  ) {
    this.#kernel = kernel;
    this.#placement = placement;
    const fieldNames = new Names();
    this.#fields = new Map(
      stepFields.map((f) => [f.name, { name: fieldNames.of(f.name, fieldWish(f.name)), dtype: f.dtype }]),
    );
    for (const tensor of kernel.arrays) this.#arrays.set(tensor, this.#names.fresh(tensor.name));
    for (const stmt of statementsIn(kernel.body)) {
      if (stmt.kind === 'let' || stmt.kind === 'var' || stmt.kind === 'for') this.#names.of(stmt.name);
    }
  }

  module(): readonly CodeLine[] {
    const kernel = this.#kernel;
    const [columns, rows] = foldGrid(kernel.grid);
    this.#noteStorage();
    const body = this.#block(kernel.body, KernelScope.of(kernel), '  ');
    const guard = rows > 1 && columns * rows > kernel.grid;
    const needsGroup = this.#usesWorkgroupId || guard;
    const builtins = [
      ...(needsGroup ? ['@builtin(workgroup_id) group: vec3u'] : []),
      ...(needsGroup && rows > 1 ? ['@builtin(num_workgroups) groups: vec3u'] : []),
      ...(this.#usesLocalId ? ['@builtin(local_invocation_index) local: u32'] : []),
    ];
    const linear = rows > 1 ? 'group.x + group.y * groups.x' : 'group.x';
    const prologue = [
      ...(needsGroup ? [`  let ${WORKGROUP_ID} = i32(${linear});`] : []),
      // The grid was folded to whole rows: what lies beyond has no work.
      ...(guard ? [`  if (${WORKGROUP_ID} >= ${kernel.grid}) { return; }`] : []),
      ...(this.#usesLocalId ? [`  let ${LOCAL_ID} = i32(local);`] : []),
      // Steps count from 1: a zero that is not taken for one, since 0 times infinity is not 0.
      ...(this.#zero === undefined ? [] : [`  let zero = ${this.#zero};`]),
      ...(this.#noBits === undefined ? [] : [`  let no_bits = ${this.#noBits};`]),
      ...kernel.arrays.filter((t) => t.role === 'private').map((t) => `  var ${this.#declaration(t)};`),
    ];
    const sections: readonly (readonly (string | CodeLine)[])[] = [
      [
        `// ${commentText(kernel.name)}: ${kernel.kind}, ${kernel.grid} × ${kernel.workgroup}`,
        ...kernel.origin.map((o) => `//   ${commentText(o.node + (o.source ? `  at ${o.source}` : ''))}`),
      ],
      this.#usesStep ? this.#stepStruct() : [],
      this.#placesStruct(),
      this.#bindingDeclarations(),
      kernel.arrays
        .filter((t) => t.role === 'workgroup')
        .map((t) => `var<workgroup> ${this.#declaration(t)};`),
      ...wgslDeclarations(this.#functions, this.#constants).map((text) => linesOf(text.trim())),
      [
        `@compute @workgroup_size(${kernel.workgroup})`,
        `fn main(${builtins.join(', ')}) {`,
        ...prologue,
        ...body,
        '}',
      ],
    ];
    return sections
      .filter((lines) => lines.length > 0)
      .flatMap((lines, k) => (k === 0 ? lines : ['', ...lines]))
      .map((line) => (typeof line === 'string' ? { text: line } : line));
  }

  #stepStruct(): string[] {
    return [
      'struct Step {',
      ...[...this.#fields.values()].map((field) => `  ${field.name}: ${field.dtype},`),
      '}',
    ];
  }

  /** All fields up to the last that is read: their numbers are their places. */
  #placesStruct(): string[] {
    if (this.#places.size === 0) return [];
    const last = Math.max(...this.#places.keys());
    const fields = Array.from(
      { length: last + 1 },
      (_, k) => this.#places.get(k) ?? this.#placeNames.fresh('unused'),
    );
    return ['struct Places {', ...fields.map((name) => `  ${name}: i32,`), '}'];
  }

  #bindingDeclarations(): string[] {
    const used = (Object.keys(bindings) as Arena[]).filter((arena) => this.#arenas.has(arena));
    return [
      ...(this.#usesStep ? ['@group(0) @binding(0) var<uniform> step: Step;'] : []),
      ...(this.#places.size > 0 ? ['@group(0) @binding(6) var<uniform> places: Places;'] : []),
      ...used.map((arena) => {
        const { binding, access, element } = bindings[arena];
        return `@group(0) @binding(${binding}) var<storage, ${access}> ${arena}: array<${element}>;`;
      }),
    ];
  }

  #declaration(tensor: Tensor): string {
    const element = tensor.dtype === 'bool' ? 'u32' : tensor.dtype;
    return `${this.#arrays.get(tensor)}: array<${element}, ${Math.max(1, elementCount(tensor.shape))}>`;
  }

  #block(body: readonly Stmt[], scope: KernelScope, indent: string): CodeLine[] {
    let here = scope;
    let loop: string | undefined;
    return body.flatMap((stmt) => {
      if (stmt.kind === 'comment') loop = stmt.loop ?? loop;
      const lines = this.#statement(stmt, here, indent);
      here = here.after(stmt);
      return linesOfLoop(lines, loop);
    });
  }

  #statement(stmt: Stmt, scope: KernelScope, indent: string): readonly CodeLine[] {
    switch (stmt.kind) {
      case 'for':
        return this.#loop(stmt, scope, indent);
      case 'if':
        return this.#branch(stmt, scope, indent);
      default:
        return this.#plain(stmt, scope, indent).map((text) => ({ text }));
    }
  }

  /** The lines of a statement that holds no others. */
  #plain(stmt: Exclude<Stmt, { kind: 'for' | 'if' }>, scope: KernelScope, indent: string): string[] {
    switch (stmt.kind) {
      case 'let':
      case 'var': {
        const { text } = this.#expr(stmt.value, scope);
        scope.define(stmt);
        this.#roundings.holds(stmt.name, stmt.value);
        const type = stmt.kind === 'var' ? `: ${valueType(stmt.value.dtype)}` : '';
        return [`${indent}${stmt.kind} ${this.#variable(stmt.name)}${type} = ${text};`];
      }
      case 'assign': {
        const { text } = this.#expr(stmt.value, scope);
        this.#roundings.holds(stmt.name, stmt.value);
        return [`${indent}${this.#variable(stmt.name)} = ${text};`];
      }
      case 'store': {
        const { tensor, at, value } = stmt;
        const index = at[0] ?? int(0);
        const place = this.#place(tensor, this.#expr(this.#indexInArena(tensor, index), scope).text);
        const stored = this.#stored(tensor, this.#expr(value, scope).text);
        this.#roundings.stores(tensor, index, value);
        return [`${indent}${place} = ${stored};`];
      }
      case 'break':
        return [`${indent}if (${this.#expr(stmt.condition, scope).text}) { break; }`];
      case 'barrier':
        return [
          ...(stmt.memory === 'workgroup' ? [] : [`${indent}storageBarrier();`]),
          ...(stmt.memory === 'storage' ? [] : [`${indent}workgroupBarrier();`]),
        ];
      case 'comment':
        return [`${indent}// ${commentText(stmt.text)}`];
      default:
        return stmt satisfies never;
    }
  }

  #stored(tensor: Tensor, value: string): string {
    const element = this.#elementType(tensor);
    if (tensor.dtype === element) return value;
    // A conversion of a negative constant is an error when the shader is made.
    if (tensor.dtype === 'i32' && /^-\d+$/.test(value)) return `${Number(value) >>> 0}u`;
    return tensor.dtype === 'f32' ? `bitcast<${element}>(${value})` : `${element}(${value})`;
  }

  #loop(stmt: Extract<Stmt, { kind: 'for' }>, scope: KernelScope, indent: string): CodeLine[] {
    const { from, to } = stmt;
    const name = this.#variable(stmt.name);
    this.#roundings.forget(stmt.body);
    const inside = this.#block(stmt.body, scope.inLoop(stmt), `${indent}  `);
    this.#roundings.forget(stmt.body);
    const head = `${indent}for (var ${name}: i32 = ${from}; ${name} < ${to}; ${name}++) {`;
    return [{ text: head }, ...inside, { text: `${indent}}` }];
  }

  #branch(stmt: Extract<Stmt, { kind: 'if' }>, scope: KernelScope, indent: string): CodeLine[] {
    const { text } = this.#expr(stmt.condition, scope);
    const then = this.#block(stmt.body, scope.inBlock(stmt.condition, true), `${indent}  `);
    this.#roundings.forget(stmt.body);
    const otherwise = this.#block(stmt.otherwise, scope.inBlock(stmt.condition, false), `${indent}  `);
    this.#roundings.forget([...stmt.body, ...stmt.otherwise]);
    return [
      { text: `${indent}if (${text}) {` },
      ...then,
      ...(stmt.otherwise.length > 0 ? [{ text: `${indent}} else {` }, ...otherwise] : []),
      { text: `${indent}}` },
    ];
  }

  #expr(expr: Expr, scope: KernelScope): Printed {
    return printWgslExpr(expr, {
      variable: (name) => this.#variable(name),
      step: (value) => this.#stepValue(value),
      element: (load, print) => this.#element(load, print),
      nonNegative: (value) => scope.range(value).low >= 0,
      positive: (value) => scope.range(value).low > 0,
      fitsFloat: (value) => {
        const { low, high } = scope.range(value);
        return low >= -(2 ** 24) && high <= 2 ** 24;
      },
      zero: () => {
        this.#zero ??= `f32(min(${this.#field('step').text}, 0))`;
        return 'zero';
      },
      noBits: () => {
        this.#noBits ??= `u32(min(${this.#field('step').text}, 0))`;
        return 'no_bits';
      },
      roundings: this.#roundings,
      useFunction: (name) => this.#functions.add(name),
      useConstant: (name) => this.#constants.add(name),
    });
  }

  #variable(name: string): string {
    if (name === WORKGROUP_ID) this.#usesWorkgroupId = true;
    if (name === LOCAL_ID) this.#usesLocalId = true;
    return name === WORKGROUP_ID || name === LOCAL_ID ? name : this.#names.of(name);
  }

  #field(name: string): { readonly text: string; readonly dtype: StepField['dtype'] } {
    const field = this.#fields.get(name);
    if (field === undefined) {
      throw new TypeError(
        `${this.#kernel.name}: the step block has no field ${JSON.stringify(name)} (${[...this.#fields.keys()].join(', ')})`,
      );
    }
    this.#usesStep = true;
    return { text: `step.${field.name}`, dtype: field.dtype };
  }

  #stepValue(expr: Extract<Expr, { kind: 'live' | 'param' }>): string {
    const field = this.#field(expr.kind === 'live' ? liveField(expr.size.name) : paramField(expr.param.name));
    return field.dtype === expr.dtype ? field.text : `bitcast<${valueType(expr.dtype)}>(${field.text})`;
  }

  /** The number of an element in its arena, as far as that is a constant away from its number in the tensor. */
  #indexInArena(tensor: Tensor, index: Expr): Expr {
    if (this.#arrays.has(tensor)) return index;
    const place = this.#placement(tensor);
    // A byte's word is found from its own number.
    const isAdded = place.arena === 'data' || tensor.dtype === 'u8' || this.#given(tensor) !== undefined;
    return isAdded ? index : offsetIndex(index, place.offset);
  }

  /** The field of the dispatch's places that says where a tensor lies (i32); undefined where the text says it. */
  #given(tensor: Tensor): string | undefined {
    const place = this.#placement(tensor);
    if (!('field' in place) || place.field === undefined) return undefined;
    let name = this.#places.get(place.field);
    if (name === undefined) {
      name = this.#placeNames.fresh(tensor.name);
      this.#places.set(place.field, name);
    }
    return `places.${name}`;
  }

  #elementType(tensor: Tensor): 'f32' | 'i32' | 'u32' {
    if (!this.#arrays.has(tensor)) {
      const { arena } = this.#placement(tensor);
      const { element } = bindings[arena];
      if (element === 'f32' && tensor.dtype !== 'f32') {
        throw new TypeError(
          `${this.#kernel.name}: ${tensor.name} is ${tensor.dtype}, and lies in ${arena} (f32)`,
        );
      }
      return element;
    }
    return tensor.dtype === 'f32' || tensor.dtype === 'i32' ? tensor.dtype : 'u32';
  }

  #element(load: Load, print: (index: Expr) => string): Printed {
    const { tensor } = load;
    const index = print(this.#indexInArena(tensor, load.at[0] ?? int(0)));
    const call = (text: string): Printed => ({ text, level: 6 });
    if (tensor.dtype === 'u8') {
      const place = this.#placement(tensor);
      const given = this.#given(tensor);
      const written = `${place.arena === 'data' ? 0 : place.offset}u`;
      const base = this.#base(place) ?? (given === undefined ? written : `u32(${given})`);
      if (place.arena !== 'data' && place.arena !== 'words') {
        throw new TypeError(`${this.#kernel.name}: ${tensor.name} holds bytes, and lies in ${place.arena}`);
      }
      this.#functions.add(`${place.arena}_u8`);
      return call(`${place.arena}_u8(${base}, ${index})`);
    }
    const stored = this.#place(tensor, index);
    const element = this.#elementType(tensor);
    if (tensor.dtype === element) return call(stored);
    switch (tensor.dtype) {
      case 'f32':
        return call(`bitcast<f32>(${stored})`);
      case 'bool':
        return { text: `${stored} != 0${element === 'u32' ? 'u' : ''}`, level: 2 };
      case 'i32':
      case 'u32':
        return call(`${tensor.dtype}(${stored})`);
      default:
        return tensor.dtype satisfies never;
    }
  }

  /** `arena[index]`, or `array[index]`. */
  #place(tensor: Tensor, index: string): string {
    const array = this.#arrays.get(tensor);
    if (array !== undefined) return `${array}[${index}]`;
    const place = this.#placement(tensor);
    const given = this.#given(tensor);
    if (given !== undefined) return `${place.arena}[${given}${index === '0' ? '' : ` + ${index}`}]`;
    const base = this.#base(place);
    if (base === undefined) return `${place.arena}[${index}]`;
    const words = /^\d+$/.test(index) ? `${index}u` : `u32(${index})`;
    return `${place.arena}[${base}${index === '0' ? '' : ` + ${words}`}]`;
  }

  /** Where an arena's elements start as the step block says it (u32); undefined where it does not. */
  #base(place: Placement): string | undefined {
    if (place.arena !== 'data' && place.arena !== 'results') return undefined;
    const field = this.#field(place.arena === 'data' ? place.base : 'result');
    return field.dtype === 'u32' ? field.text : `u32(${field.text})`;
  }

  /** Which arenas the body uses. */
  #noteStorage(): void {
    const used = new Set<Tensor>();
    for (const stmt of statementsIn(this.#kernel.body)) {
      if (stmt.kind === 'store') used.add(stmt.tensor);
      for (const { tensor } of loadsIn(...expressionsOf(stmt))) used.add(tensor);
    }
    for (const array of this.#kernel.arrays) used.delete(array);
    for (const tensor of used) this.#arenas.add(this.#placement(tensor).arena);
  }
}

/** WGSL's type of a local. */
function valueType(dtype: Dtype): string {
  return dtype === 'u8' ? 'u32' : dtype;
}
