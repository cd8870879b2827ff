import { recordedCalls } from './calls.ts';
import { type FromOnnxOptions, moduleOf, type OnnxModule } from './fromOnnx.ts';
import { openModel } from './readOnnx.ts';
import { type Argument, type Expression, Recorder } from './recorder.ts';

/** A file of TypeScript, and what it declares. */
export interface OnnxText extends OnnxModule {
  /** A file that exports the module that `fromOnnx` gives, without the values of weights. */
  readonly text: string;
}

/** What a text is told beside the options of the import. */
export interface TextOptions extends FromOnnxOptions {
  /** What the file is made of, for its first line. */
  readonly source: string;
  /** Where its weights lie, for its first line. */
  readonly weightsFile?: string;
}

/** Characters of a line. */
const LINE = 110;

/**
 * A module out of an ONNX file, and the TypeScript that declares it: the same calls in the same order, as the import made
 * them.
 *
 * @throws OnnxError as `fromOnnx`
 */
export function typescriptOf(bytes: Uint8Array, options: TextOptions): OnnxText {
  const model = openModel(bytes);
  const recorder = new Recorder();
  const ports: { readonly kind: 'input' | 'output'; readonly value: object; readonly name: string }[] = [];
  const sizes: object[] = [];
  const made = moduleOf(model, options, (builder) => {
    const m = recorder.namespace('m', builder);
    return {
      m,
      calls: recordedCalls(m, recorder),
      named: (value, name, kind) => {
        recorder.name(value, name);
        if (kind === 'size') sizes.push(value);
        else ports.push({ kind, value, name });
      },
    };
  });
  const outputs = ports.flatMap(({ kind, value, name }) => {
    const expression = kind === 'output' ? recorder.expressionOf(value) : undefined;
    return expression === undefined ? [] : [{ name, expression }];
  });
  const inputs = ports.flatMap(({ kind, value }) => {
    const expression = kind === 'input' ? recorder.expressionOf(value) : undefined;
    return expression === undefined ? [] : [expression];
  });
  const declared = sizes.flatMap((size) => recorder.expressionOf(size) ?? []);
  const writer = new Writer([...declared, ...inputs], outputs);
  return { ...made, text: writer.file(made.module.name, options) };
}

interface Output {
  readonly name: string;
  readonly expression: Expression;
}

/** Writes expressions as statements. */
class Writer {
  readonly #declared: readonly Expression[];
  readonly #outputs: readonly Output[];
  /** How often an expression is used by others. */
  readonly #uses = new Map<Expression, number>();
  /** Parts of results that are used, by these. */
  readonly #parts = new Map<Expression, Map<string | number, Expression>>();
  readonly #variables = new Map<Expression, string>();
  readonly #texts = new Map<Expression, string>();
  readonly #taken = new Set(reserved);
  readonly #imports = new Set(['defineModule']);
  readonly #lines: string[] = [];

  constructor(declared: readonly Expression[], outputs: readonly Output[]) {
    this.#declared = declared;
    this.#outputs = outputs;
  }

  file(name: string, { source, weightsFile }: TextOptions): string {
    const body = this.#body();
    const imports = [...this.#imports]
      .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
      .join(', ');
    const from = `What \`${oneLine(source)}\` computes.`;
    const values =
      weightsFile === undefined
        ? []
        : [
            ' *',
            ` * Its weights lie in \`${oneLine(weightsFile)}\`: \`loadWeights(session, bytes)\` loads them.`,
          ];
    return [
      `import { ${imports} } from 'sinter';`,
      '',
      '/**',
      ` * ${from}`,
      ...values,
      ' */',
      `export default defineModule(${quoted(name)}, (m) => {`,
      ...body.map((line) => `  ${line}`),
      '});',
      '',
    ].join('\n');
  }

  #body(): readonly string[] {
    const reachable = this.#reachable();
    for (const expression of reachable) this.#statement(expression);
    const results = this.#outputs.map(({ name, expression }) => {
      const own = this.#use(expression);
      const key = isIdentifier(name) ? name : quoted(name);
      return key === own ? own : `${key}: ${own}`;
    });
    const read = this.#declared.filter((own) => this.#isInput(own) && (this.#uses.get(own) ?? 0) > 0);
    const inputs = read.map((own) => this.#use(own)).join(', ');
    this.#lines.push(
      `return { predict: m.entry('predict', { ${results.join(', ')} }, { inputs: [${inputs}] }) };`,
    );
    return this.#lines;
  }

  #isInput({ callee }: Expression): boolean {
    return 'path' in callee && callee.path === 'm.input';
  }

  /** What is declared, and what outputs need, in the order of calls. */
  #reachable(): readonly Expression[] {
    const found = new Set<Expression>();
    const stack = [...this.#declared, ...this.#outputs.map(({ expression }) => expression)];
    for (const { expression } of this.#outputs) this.#count(expression);
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (found.has(top)) continue;
      found.add(top);
      if (top.part !== undefined) {
        const parts = this.#parts.get(top.part.of) ?? new Map<string | number, Expression>();
        this.#parts.set(top.part.of, parts.set(top.part.key, top));
      }
      for (const operand of operandsOf(top)) {
        this.#count(operand);
        stack.push(operand);
      }
    }
    return [...found].sort((a, b) => a.id - b.id);
  }

  #count(expression: Expression): void {
    this.#uses.set(expression, (this.#uses.get(expression) ?? 0) + 1);
  }

  /** A variable for what is used twice, has grown long, or is declared; else it stands where it is used. */
  #statement(expression: Expression): void {
    if (this.#variables.has(expression)) return;
    const text = this.#textOf(expression);
    const parts = this.#parts.get(expression);
    if (parts !== undefined) {
      this.#lines.push(...broken(`const ${this.#pattern(parts)} = ${text};`));
      return;
    }
    const uses = this.#uses.get(expression) ?? 0;
    const isDeclared = 'path' in expression.callee && expression.callee.path.startsWith('m.');
    const isOutput = this.#outputs.some((output) => output.expression === expression);
    if (uses <= 1 && !isDeclared && !isOutput && text.length < LINE - 40) {
      this.#texts.set(expression, text);
      return;
    }
    const variable = this.#variable(expression.name ?? stemOf(expression));
    this.#variables.set(expression, variable);
    this.#lines.push(...broken(`const ${variable} = ${text};`));
  }

  /** What takes the parts of a result apart, and names them. */
  #pattern(parts: ReadonlyMap<string | number, Expression>): string {
    const named = [...parts].map(([key, expression]) => {
      const variable = this.#variable(expression.name ?? stemOf(expression));
      this.#variables.set(expression, variable);
      return [key, variable] as const;
    });
    const places = new Map(named);
    const last = Math.max(...named.map(([key]) => (typeof key === 'number' ? key : -1)));
    if (last >= 0) {
      const items = Array.from({ length: last + 1 }, (_, k) => places.get(k) ?? '');
      return `[${items.join(', ')}]`;
    }
    return `{ ${named.map(([key, own]) => (key === own ? own : `${key}: ${own}`)).join(', ')} }`;
  }

  #textOf({ callee, args }: Expression): string {
    const given = args.map((arg) => this.#argument(arg)).join(', ');
    if ('of' in callee) return `${this.#use(callee.of)}.${callee.method}(${given})`;
    const [root = ''] = callee.path.split('.');
    if (root !== 'm') this.#imports.add(root);
    return `${callee.path}(${given})`;
  }

  /** An expression where it is used. */
  #use(expression: Expression): string {
    return this.#variables.get(expression) ?? this.#texts.get(expression) ?? this.#textOf(expression);
  }

  #argument(argument: Argument): string {
    switch (argument.kind) {
      case 'made':
        return this.#use(argument.expression);
      case 'named':
        return argument.text;
      case 'list':
        return `[${argument.items.map((item) => this.#argument(item)).join(', ')}]`;
      case 'object': {
        const fields = argument.fields.map(([key, value]) => {
          const text = this.#argument(value);
          return key === text ? key : `${key}: ${text}`;
        });
        return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
      }
      case 'data':
        return dataText(argument.value);
      default:
        return argument satisfies never;
    }
  }

  /** A variable that is not taken, by what people call a value. */
  #variable(name: string): string {
    const stem = identifierOf(name);
    for (let k = 1; ; k++) {
      const variable = k === 1 ? stem : `${stem}${k}`;
      if (this.#taken.has(variable)) continue;
      this.#taken.add(variable);
      return variable;
    }
  }
}

function operandsOf({ callee, args, part }: Expression): Expression[] {
  if (part !== undefined) return [part.of];
  const own = 'of' in callee ? [callee.of] : [];
  return [...own, ...args.flatMap(madeIn)];
}

function madeIn(argument: Argument): Expression[] {
  switch (argument.kind) {
    case 'made':
      return [argument.expression];
    case 'list':
      return argument.items.flatMap(madeIn);
    case 'object':
      return argument.fields.flatMap(([, value]) => madeIn(value));
    case 'data':
    case 'named':
      return [];
    default:
      return argument satisfies never;
  }
}

function dataText(value: number | string | boolean | undefined): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'number') return String(value);
  if (Number.isNaN(value)) return 'Number.NaN';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** What a value without a name is called: by what made it. */
function stemOf({ callee, part, args }: Expression): string {
  if (part !== undefined) return typeof part.key === 'string' ? part.key : 'part';
  if ('of' in callee) return callee.method;
  const [first] = args;
  if (callee.path === 'm.state' && first?.kind === 'data') return String(first.value);
  return callee.path.split('.').at(-1) ?? 'value';
}

/** A name of JavaScript's, of one that holds anything: `/conv1/Conv_output_0` is `conv1Conv`. */
function identifierOf(name: string): string {
  const words = name
    .replace(/_output_0$/, '')
    .split(/[^A-Za-z0-9]+/)
    .filter((word, k, all) => word !== '' && word.toLowerCase() !== all[k - 1]?.toLowerCase());
  const [first = 'value', ...rest] = words;
  const joined = first.charAt(0).toLowerCase() + first.slice(1) + rest.map(capital).join('');
  const short = joined.length > 40 ? joined.slice(-40) : joined;
  return /^[0-9]/.test(short) ? `v${short}` : short;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

/** A text in quotes, of one line. */
function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function oneLine(text: string): string {
  return text.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ');
}

/** A statement, broken at its last calls where it is long. */
function broken(line: string): string[] {
  if (line.length <= LINE - 2) return [line];
  const at = line.indexOf(' = ');
  return at < 0 ? [line] : [line.slice(0, at + 2), `  ${line.slice(at + 3)}`];
}

/** Names that a variable must not have: of the language, of what is imported, and of the function's own. */
const reserved: readonly string[] = [
  ...['await', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger', 'default', 'delete', 'do'],
  ...[
    'else',
    'enum',
    'export',
    'extends',
    'false',
    'finally',
    'for',
    'function',
    'if',
    'implements',
    'import',
  ],
  ...['in', 'instanceof', 'interface', 'let', 'new', 'null', 'package', 'private', 'protected', 'public'],
  ...[
    'return',
    'static',
    'super',
    'switch',
    'this',
    'throw',
    'true',
    'try',
    'typeof',
    'var',
    'void',
    'while',
  ],
  ...['with', 'yield', 'arguments', 'eval', 'undefined', 'NaN', 'Infinity', 'Number'],
  ...['m', 'nn', 'defineModule', 'concat', 'einsum', 'full', 'iota', 'part'],
];
