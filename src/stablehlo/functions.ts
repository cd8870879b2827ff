import type { ScalarFunction } from '../functions/index.ts';
import { call } from './lines.ts';
import { identifier, Names } from './names.ts';
import { writeFunction } from './scalarFunction.ts';
import { Scope } from './scope.ts';
import { type Line, type TensorType, typeText, type Value } from './types.ts';

/** The private functions of a module: each is written once for each type that it is called with. */
export class Functions {
  readonly #names = new Names();
  readonly #known = new Map<string, string>();
  readonly #texts: string[][] = [];

  constructor() {
    this.#names.fresh('main');
  }

  /** The lines of all functions. */
  get texts(): readonly (readonly string[])[] {
    return this.#texts;
  }

  /**
   * A call of a function whose operands and result have one type.
   *
   * @param write its lines, from its parameters to its result; asked for once a type
   */
  call(
    name: string,
    doc: string,
    operands: readonly [Value, ...Value[]],
    write: (scope: Scope, parameters: readonly Value[]) => Value,
  ): Line {
    const [{ type }] = operands;
    const key = `${name} ${typeText(type)}`;
    let symbol = this.#known.get(key);
    if (symbol === undefined) {
      symbol = `@${this.#names.fresh(identifier(name))}`;
      this.#known.set(key, symbol);
      this.#texts.push(written(symbol, doc, operands, type, write));
    }
    return call(symbol, operands, type);
  }

  /** A call of a function of numbers that all targets share. */
  callScalar(f: ScalarFunction, operands: readonly [Value, ...Value[]]): Line {
    return this.call(f.name, f.doc, operands, (scope, parameters) => writeFunction(scope, f, parameters));
  }
}

function written(
  symbol: string,
  doc: string,
  operands: readonly Value[],
  type: TensorType,
  write: (scope: Scope, parameters: readonly Value[]) => Value,
): string[] {
  const scope = new Scope();
  const parameters = operands.map((_, k) => scope.named('xyzw'.charAt(k), type));
  const result = write(scope, parameters);
  scope.end(`return ${result.name} : ${typeText(type)}`);
  const signature = parameters.map(({ name }) => `${name}: ${typeText(type)}`).join(', ');
  return [
    ...doc.split('\n').map((line) => `// ${line}`),
    `func.func private ${symbol}(${signature}) -> ${typeText(type)} {`,
    ...scope.lines.map((line) => `  ${line}`),
    '}',
  ];
}
