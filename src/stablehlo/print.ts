import type { Module, Node } from '../graph/index.ts';
import { named } from '../issues.ts';
import { type Argument, type EntryFunction, functionOf, operandsOf } from './entry.ts';
import { Functions } from './functions.ts';
import { identifier, quotedText } from './names.ts';
import type { RowContext } from './rows/row.ts';
import { rowOf } from './rows/table.ts';
import { Scope } from './scope.ts';
import { meshLines, shardingAttributes } from './sharding.ts';
import { scalarOf, tensorTypeOf, typeText, type Value } from './types.ts';

/**
 * An entry of a module in the text of StableHLO, as XLA, JAX and others read it: a module with one public function, `@main`.
 *
 * `@main` takes the states that the entry reads or updates, the inputs that it reads, run-time scalars, and the live extents of
 * bounded sizes; it returns the next values of the states that it updates, and the outputs. Bounded dimensions are at their
 * maximum: rows beyond the live ones may hold anything, in inputs and outputs. A state that is updated is donated: its next
 * value may take its place.
 *
 * Random words are those of the other targets, bit for bit. Products of floats ask for all of float32's digits.
 *
 * @param entry its name
 * @throws UnknownNameError where there is no such entry, naming those that there are
 */
export function toStableHlo(module: Module, entry: string): string {
  return printed(module, functionOf(module, named('entry', entry, module.entries)));
}

/** The text of an entry's function, and of the functions that it calls. */
export function printed(module: Module, entry: EntryFunction): string {
  const scope = new Scope();
  const functions = new Functions();
  const signature = entry.arguments.map((argument) => ({ argument, value: argumentValue(scope, argument) }));
  const known = new Map<Node, Value>();
  const sizes = new Map<string, Value>();
  for (const { argument, value } of signature) {
    if (argument.kind === 'size') sizes.set(argument.name, value);
    else known.set(argument.node, value);
  }
  const valueIn = (node: Node): Value => {
    const value = known.get(node);
    if (value === undefined)
      throw new RangeError(`node ${node.id} (${node.op}) is used before it is computed`);
    return value;
  };
  const sizeOf = (name: string): Value => {
    const value = sizes.get(name);
    if (value === undefined) throw new RangeError(`entry ${entry.name} has no size ${name}`);
    return value;
  };
  const wishes = wishesOf(entry);
  for (const node of entry.nodes) {
    const operands = operandsOf(node).map(valueIn);
    scope.at(placeText(node));
    const context = { node, operands, scope, functions, argumentOf: valueIn, sizeOf };
    known.set(node, computed(context, wishes.get(node)));
  }
  const results = entry.results.map(({ node }) => valueIn(node));
  scope.end(
    `return ${results.map(({ name }) => name).join(', ')} : ${results.map(({ type }) => typeText(type)).join(', ')}`,
  );
  const parameters = signature.map(
    ({ argument, value }) =>
      `    ${value.name}: ${typeText(value.type)}${attributesText(argumentAttributes(module, argument))}`,
  );
  // A next state is spread as the state is.
  const states = new Map(module.states.map(({ name, node }) => [name, node]));
  const returned = entry.results.map(({ kind, name, node }) => {
    const state = kind === 'state' ? states.get(name) : undefined;
    const spread = state === undefined ? [] : shardingAttributes(module, state);
    const attributes = [`jax.result_info = ${quotedText(name)}`, ...spread];
    return `    ${typeText(tensorTypeOf(node))}${attributesText(attributes)}`;
  });
  return [
    `module @${identifier(module.name)} {`,
    ...meshLines(module).map((line) => `  ${line}`),
    '  func.func public @main(',
    ...withCommas(parameters),
    '  ) -> (',
    ...withCommas(returned),
    '  ) {',
    ...scope.lines.map((line) => `    ${line}`),
    '  }',
    ...functions.texts.flatMap((lines) => ['', ...lines.map((line) => `  ${line}`)]),
    '}',
    '',
  ].join('\n');
}

/** The value of a node: a line of its own, or a value that is there. */
function computed(context: RowContext, wish: string | undefined): Value {
  const made = rowOf(context.node.op)(context);
  return 'name' in made ? made : context.scope.let(made, wish);
}

/** What nodes are called: as the user called them, else after the result that they are, if they are one. */
function wishesOf({ nodes, results }: EntryFunction): ReadonlyMap<Node, string> {
  return new Map([
    ...results.map(
      ({ kind, name, node }) => [node, identifier(kind === 'state' ? `next.${name}` : name)] as const,
    ),
    ...nodes.flatMap((node) => (node.label === undefined ? [] : [[node, identifier(node.label)] as const])),
  ]);
}

function argumentValue(scope: Scope, argument: Argument): Value {
  const type = argument.kind === 'size' ? scalarOf('i32') : tensorTypeOf(argument.node);
  return scope.named(identifier(argument.name), type);
}

function argumentAttributes(module: Module, argument: Argument): readonly string[] {
  if (argument.kind === 'size') return [];
  const isDonated = argument.kind === 'state' && argument.donatedTo !== undefined;
  const donated = isDonated ? [`tf.aliasing_output = ${argument.donatedTo} : i32`] : [];
  return [...donated, ...shardingAttributes(module, argument.node)];
}

function attributesText(attributes: readonly string[]): string {
  return attributes.length === 0 ? '' : ` {${attributes.join(', ')}}`;
}

/** The user's line, `model.ts:12`, as a location. */
function placeText({ source }: Node): string {
  const [, file, line] = /^(.*):(\d+)$/.exec(source ?? '') ?? [];
  return file === undefined || line === undefined ? '' : `loc(${quotedText(file)}:${line}:1)`;
}

function withCommas(lines: readonly string[]): string[] {
  return lines.map((line, k) => (k === lines.length - 1 ? line : `${line},`));
}
