import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Module, Node } from '../../src/graph/index.ts';
import { decodeModel, type ToOnnxOptions, toOnnx } from '../../src/onnx/index.ts';
import { givenTypes, tensorOf } from '../../src/onnx/out/tensors.ts';
import { firstValues, type Given } from '../../src/reference/index.ts';
import type { Target, TargetSession } from '../values/targets.ts';
import { python } from './environment.ts';

/** An array as a process of Python gives and takes it. */
interface Sent {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Base64. */
  readonly data: string;
}

type Answer = { readonly error?: string; readonly outputs?: Readonly<Record<string, Sent>> };

/** ONNX Runtime, in a process of Python that runs as long as a test file does. */
export class OnnxRuntime {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];
  #models = 0;

  constructor() {
    const script = fileURLToPath(new URL('onnxRuntime.py', import.meta.url));
    this.#process = spawn(python(), [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('Python has no output');
    this.#lines = createInterface({ input: stdout });
    this.#lines.on('line', (line) => this.#waiting.shift()?.(line));
    this.#process.on('exit', () => {
      for (const answer of this.#waiting.splice(0)) answer(JSON.stringify({ error: 'Python has ended' }));
    });
  }

  async #ask(request: object): Promise<Answer> {
    const answer = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    const found: Answer = JSON.parse(await answer);
    if (found.error !== undefined) throw new Error(found.error);
    return found;
  }

  /** Checks a model by `onnx.checker` and loads it. @throws Error with what is wrong with it */
  async load(bytes: Uint8Array): Promise<LoadedModel> {
    const model = ++this.#models;
    await this.#ask({ do: 'load', model, bytes: Buffer.from(bytes).toString('base64') });
    return {
      run: async (feeds) => {
        const { outputs = {} } = await this.#ask({ do: 'run', model, feeds });
        return new Map(Object.entries(outputs).map(([name, sent]) => [name, received(sent)]));
      },
      close: async () => {
        await this.#ask({ do: 'close', model });
      },
    };
  }

  /** Ends the process. */
  close(): void {
    this.#lines.close();
    this.#process.stdin?.end();
  }
}

/** A model in ONNX Runtime. */
export interface LoadedModel {
  run(feeds: Readonly<Record<string, Sent>>): Promise<ReadonlyMap<string, Given>>;
  close(): Promise<void>;
}

/** An array for a node of a module. */
export function sent({ dtype }: Pick<Node, 'dtype'>, { shape, data }: Given): Sent {
  const type = givenTypes[dtype];
  const bytes = tensorOf('', type, data, shape).data;
  return { dtype: type, shape, data: Buffer.from(bytes).toString('base64') };
}

function received({ dtype, shape, data }: Sent): Given {
  const { buffer } = Uint8Array.from(Buffer.from(data, 'base64'));
  switch (dtype) {
    case 'float32':
      return { shape, data: new Float32Array(buffer) };
    case 'int32':
      return { shape, data: new Int32Array(buffer) };
    case 'uint32':
      return { shape, data: new Uint32Array(buffer) };
    case 'bool':
    case 'uint8':
      return { shape, data: new Uint8Array(buffer) };
    default:
      throw new TypeError(`an output of type ${dtype}`);
  }
}

/** Modules as ONNX files, on ONNX Runtime: their states go out of one step and into the next. */
export function onnxTarget(runtime: OnnxRuntime, options: Omit<ToOnnxOptions, 'entry'> = {}): Target {
  return {
    name: 'ONNX Runtime',
    floats: 'f32',
    start: async (module, given = {}) => {
      const states = new Map<string, Given>(firstValues(module, given, 0));
      const loaded = new Map<string, { readonly names: Names; readonly model: LoadedModel }>();
      const counts = new Map<string, number>();
      const modelOf = async (
        entry: string,
      ): Promise<{ readonly names: Names; readonly model: LoadedModel }> => {
        const known = loaded.get(entry);
        if (known !== undefined) return known;
        const bytes = toOnnx(module, { ...options, states: 'inputs', entry });
        const made = { names: namesIn(bytes), model: await runtime.load(bytes) };
        loaded.set(entry, made);
        return made;
      };
      const session: TargetSession = {
        step: async (entry, feeds = {}) => {
          const { names, model } = await modelOf(entry);
          const step = (counts.get(entry) ?? 0) + 1;
          counts.set(entry, step);
          const params = { ...feeds.params, step };
          const found = await model.run({
            ...picked(names.inputs, (name) => sent(nodeOf(module.inputs, name), valueIn(feeds.inputs, name))),
            ...picked(names.params, (name) => {
              const node = nodeOf(module.params, name);
              const value = name in params ? Reflect.get(params, name) : node.attrs.initial;
              return sent(node, { shape: [], data: [Number(value)] });
            }),
            ...picked(names.sizes, (name) => {
              const max = module.sizes.find((size) => size.name === name)?.max ?? 0;
              const live = BigInt(feeds.live?.[name] ?? max);
              const data = Buffer.from(BigInt64Array.of(live).buffer).toString('base64');
              return { dtype: 'int64', shape: [], data };
            }),
            ...Object.fromEntries(
              Object.entries(names.states).flatMap(([name, { input }]) => {
                const node = module.states.find((state) => state.name === name)?.node;
                const value = states.get(name);
                return input && node && value ? [[input, sent(node, value)]] : [];
              }),
            ),
          });
          for (const [name, { output }] of Object.entries(names.states)) {
            const next = output === undefined ? undefined : found.get(output);
            if (next !== undefined) states.set(name, next);
          }
          return Object.fromEntries(
            Object.entries(names.outputs).flatMap(([name, as]) => {
              const value = found.get(as);
              return value === undefined ? [] : [[name, value]];
            }),
          );
        },
        read: async (state) => valueIn(Object.fromEntries(states), state),
        dispose: async () => {
          for (const { model } of loaded.values()) await model.close();
        },
      };
      return session;
    },
  };
}

interface Names {
  readonly inputs: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly sizes: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly states: Readonly<Record<string, { readonly input?: string; readonly output?: string }>>;
}

/** What the names of a module are in its file, as the file says. */
function namesIn(bytes: Uint8Array): Names {
  const metadata = new Map(decodeModel(bytes).metadata);
  const of = (kind: keyof Names): Names[typeof kind] => JSON.parse(metadata.get(`sinter.${kind}`) ?? '{}');
  return JSON.parse(
    JSON.stringify({
      inputs: of('inputs'),
      params: of('params'),
      sizes: of('sizes'),
      outputs: of('outputs'),
      states: of('states'),
    }),
  );
}

function picked(
  names: Readonly<Record<string, string>>,
  value: (name: string) => Sent,
): Record<string, Sent> {
  return Object.fromEntries(Object.entries(names).map(([name, as]) => [as, value(name)]));
}

function nodeOf(nodes: Module['inputs'], name: string): Node {
  const node = nodes.find(({ attrs }) => attrs.name === name);
  if (node === undefined) throw new RangeError(`no ${name}`);
  return node;
}

function valueIn(values: Readonly<Record<string, Given>> | undefined, name: string): Given {
  const value = values?.[name];
  if (value === undefined) throw new RangeError(`no value for ${name}`);
  return value;
}
