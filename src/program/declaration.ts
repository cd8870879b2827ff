import { isForWasm } from '../runtime/check.ts';
import type {
  Entry,
  InputSlot,
  OutputSlot,
  ParamSlot,
  Program,
  ProgramBase,
  SizeSlot,
  StateSlot,
} from '../runtime/program.ts';
import type { WasmProgram } from '../runtime/wasm/program.ts';

/**
 * The text of a declaration file for a program: what types know of it (its `Signature`), and the type of its JSON, by which `start`
 * of `sinter` and of the runtimes gives a session that knows its names. Each name says its element type, shape and range.
 *
 * @param json the file of the program, for its documentation
 */
export function declarationText(program: Program | WasmProgram, json: string): string {
  const [door, type] = isForWasm(program)
    ? ['sinter/runtime/wasm', 'WasmProgram']
    : ['sinter/runtime', 'Program'];
  return `// Made by \`sinter build\` of the module ${comment(quoted(program.name))}: it is written again, not edited.
import type { ${type} as Json, Typed } from ${quoted(door)};

/** What types know of the module ${comment(quoted(program.name))}. */
export type Signature = {
${signatureLines(program).join('\n')}
};

/**
 * The program in \`${comment(json)}\`, compiled for \`${comment(program.target)}\`.
 *
 * \`\`\`ts
 * const program: Program = await (await fetch('${comment(json)}')).json();
 * const session = await start(program); // of 'sinter' or '${door}'
 * \`\`\`
 */
export type Program = Json & Typed<Signature>;

/** The program itself, as a bundler puts it into a page: \`import program from './${comment(json.replace(/json$/, 'js'))}'\`. */
declare const program: Program;
export default program;
`;
}

/**
 * The text of a module that has the program of a JSON file as its default export. TypeScript gives a JSON file that is imported a type
 * of its own, in which every word is any text; what it knows of a module stands in the declaration beside it.
 *
 * @param json the file of the program, beside the module
 */
export function moduleText(json: string): string {
  return `export { default } from ${quoted(`./${json}`)} with { type: 'json' };\n`;
}

function signatureLines(program: ProgramBase): string[] {
  const { entries, inputs, state, params, sizes } = program;
  const names = sizes.map(({ name }) => name);
  return indented([
    'readonly entries: {',
    ...indented(Object.entries(entries).flatMap(([name, entry]) => entryLines(program, name, entry))),
    '};',
    ...recordLines('inputs', inputs, (slot) => inputText(slot)),
    ...recordLines('states', state, (slot) => typeText(slot.dtype, slot.shape.map(String))),
    ...recordLines('params', params, (slot) => `${slot.dtype}; ${slot.initial} where a call does not say`),
    ...(sizes.length === 0 ? [] : [`/** ${comment(sizes.map(sizeText).join('; '))}. */`]),
    `readonly sizes: ${union(names)};`,
  ]);
}

function entryLines(program: ProgramBase, name: string, { inputs, outputs }: Entry): string[] {
  const read = program.inputs.filter((slot) => inputs.includes(slot.name));
  const from = read.map((slot) => `${slot.name}: ${inputText(slot)}`).join('; ');
  const to = outputs.map((slot) => `${slot.name}: ${outputText(slot)}`).join('; ');
  return [
    `/** ${comment(`Reads ${from || 'no input'}. Gives ${to || 'no output'}`)}. */`,
    `readonly ${key(name)}: {`,
    ...indented([
      `readonly inputs: ${union(inputs)};`,
      'readonly outputs: {',
      ...indented(
        outputs.flatMap((slot) => [
          `/** ${comment(outputText(slot))} */`,
          `readonly ${key(slot.name)}: { readonly dtype: '${slot.dtype}'; readonly scalar: ${slot.shape.length === 0} };`,
        ]),
      ),
      '};',
    ]),
    '};',
  ];
}

/** Element types by name, each with what there is to say of it. */
function recordLines<Slot extends InputSlot | StateSlot | ParamSlot>(
  kind: string,
  slots: readonly Slot[],
  text: (slot: Slot) => string,
): string[] {
  if (slots.length === 0) return [`readonly ${kind}: Record<never, never>;`];
  const lines = slots.flatMap((slot) => [
    `/** ${comment(text(slot))} */`,
    `readonly ${key(slot.name)}: '${slot.dtype}';`,
  ]);
  return [`readonly ${kind}: {`, ...indented(lines), '};'];
}

/** `u8[batch, 784]`, and the range of indices and labels. */
function inputText({ dtype, shape, size, range }: InputSlot): string {
  const dims = shape.map((extent, d) => (d === 0 && size !== undefined ? size : String(extent)));
  const values = dtype === 'bool' ? ', 0 or 1' : '';
  return `${typeText(dtype, dims)}${range === undefined ? values : `, from ${range[0]} to ${range[1] - 1}`}`;
}

function outputText({ dtype, shape, live }: OutputSlot): string {
  const dims = shape.map((extent, d) => {
    const dim = live[d];
    if (!dim) return String(extent);
    return dim.factor === 1 ? dim.size : `${dim.factor} · ${dim.size}`;
  });
  return typeText(dtype, dims);
}

function typeText(dtype: string, dims: readonly string[]): string {
  return dims.length === 0 ? `${dtype}, one number` : `${dtype}[${dims.join(', ')}]`;
}

function sizeText({ name, max }: SizeSlot): string {
  return `${name} is ${max} at most`;
}

/** A name as a key of a type. */
function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

function union(names: readonly string[]): string {
  return names.length === 0 ? 'never' : names.map(quoted).join(' | ');
}

/** A name as a text of TypeScript. */
function quoted(name: string): string {
  return /['"\\\p{C}]/u.test(name) ? JSON.stringify(name) : `'${name}'`;
}

/** A text in a comment, which must not end there. */
function comment(text: string): string {
  return text.replaceAll('*/', '*\\/');
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
