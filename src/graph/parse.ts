import type { Dim, Size } from '../loops/index.ts';
import type { DeclaredInit as Init } from '../runtime/program.ts';
import { quoted } from './arguments.ts';
import { KERNELS, numberOf, quotedDimText, textOf } from './attributes.ts';
import { Cursor } from './cursor.ts';
import { Graph } from './graph.ts';
import { type Mesh, meshOf, type Sharding } from './mesh.ts';
import type { Module, ModuleEntry, State } from './module.ts';
import type { Attr, Attrs, Node } from './node.ts';
import { verifyModule } from './verify.ts';

/**
 * Reads what `printModule` wrote, and verifies it. Blank lines and lines that begin with `#` mean nothing.
 *
 * @throws GraphError with line and column where the text does not follow the grammar, and wherever building
 *   the same module would throw
 */
export function parseModule(text: string): Module {
  const parser = new ModuleParser();
  text.split('\n').forEach((line, k) => {
    if (/^\s*(#|$)/.test(line)) return;
    parser.line(new Cursor(line, k + 1));
  });
  const module = parser.finish(new Cursor('', text.split('\n').length));
  verifyModule(module);
  return module;
}

interface OpenEntry {
  readonly name: string;
  readonly outputs: { name: string; node: Node }[];
  readonly updates: { state: Node; next: Node }[];
}

class ModuleParser {
  readonly #graph = new Graph();
  readonly #sizes = new Map<string, Size>();
  readonly #nodes = new Map<string, Node>();
  readonly #states: State[] = [];
  readonly #entries: OpenEntry[] = [];
  readonly #shardings = new Map<Node, Sharding>();
  #mesh: Mesh | undefined;
  #name: string | undefined;

  /** Takes one line, whatever it declares. */
  line(cursor: Cursor): void {
    if (cursor.accept('module')) this.#name = cursor.string();
    else if (cursor.accept('size')) this.#size(cursor);
    else if (cursor.accept('mesh')) this.#mesh = this.#axes(cursor);
    else if (cursor.accept('shard')) this.#shard(cursor);
    else if (cursor.accept('state')) this.#state(cursor);
    else if (cursor.accept('entry')) this.#entries.push({ name: cursor.string(), outputs: [], updates: [] });
    else if (cursor.looksAt('"')) this.#output(cursor);
    else this.#nodeOrUpdate(cursor);
    cursor.end();
  }

  finish(end: Cursor): Module {
    if (this.#name === undefined) return end.fail('a line that names the module');
    const of = (op: string): Node[] => this.#graph.nodes.filter((node) => node.op === op);
    const entries: ModuleEntry[] = this.#entries;
    return {
      name: this.#name,
      graph: this.#graph,
      sizes: [...this.#sizes.values()],
      inputs: of('input'),
      states: this.#states,
      params: of('param'),
      entries,
      ...(this.#mesh === undefined ? {} : { mesh: this.#mesh }),
      shardings: this.#shardings,
    };
  }

  #size(cursor: Cursor): void {
    const name = cursor.name();
    cursor.expect('<=');
    this.#sizes.set(name, { name, max: cursor.number() });
  }

  #axes(cursor: Cursor): Mesh {
    const axes: [string, number][] = [];
    do {
      const name = cursor.name();
      cursor.expect('=');
      axes.push([name, cursor.number()]);
    } while (cursor.accept(','));
    return meshOf(Object.fromEntries(axes));
  }

  #shard(cursor: Cursor): void {
    const node = this.#node(cursor);
    const sharding = cursor.list('[', ']', () => (cursor.accept('null') ? null : cursor.string()));
    this.#shardings.set(node, sharding);
  }

  #state(cursor: Cursor): void {
    const node = this.#node(cursor);
    const trainable = cursor.accept('trainable');
    const kernel = cursor.accept('kernel') ? KERNELS.find((one) => cursor.accept(one)) : undefined;
    const name = textOf('state', node.attrs, 'name');
    const init = initOf(this.#attrs(cursor), cursor);
    this.#states.push({ name, node, init, trainable, ...(kernel === undefined ? {} : { kernel }) });
  }

  #output(cursor: Cursor): void {
    const name = cursor.string();
    cursor.expect('=');
    this.#entry(cursor).outputs.push({ name, node: this.#node(cursor) });
  }

  #nodeOrUpdate(cursor: Cursor): void {
    const number = cursor.reference();
    if (!cursor.accept('=')) {
      cursor.expect('<-');
      const state = this.#lookUp(number, cursor);
      this.#entry(cursor).updates.push({ state, next: this.#node(cursor) });
      return;
    }
    const op = cursor.name();
    const inputs = cursor.looksAt('(') ? cursor.list('(', ')', () => this.#node(cursor)) : [];
    const attrs = cursor.looksAt('{') ? this.#attrs(cursor) : {};
    cursor.expect(':');
    const type = `${cursor.name()}${shapeText(cursor.list('[', ']', () => this.#dim(cursor)))}`;
    const label = cursor.looksAt('"') ? cursor.string() : undefined;
    const source = cursor.accept('at') ? cursor.string() : undefined;
    const node = this.#graph.withoutSource(() =>
      this.#graph.withSource(source, () => this.#graph.build(op, inputs, attrs)),
    );
    if (label !== undefined) this.#graph.label(node, label);
    const found = `${node.dtype}${shapeText(node.shape)}`;
    if (found !== type) cursor.fail(`the type ${found}, which is what the operation gives, not ${type}`);
    this.#nodes.set(number, node);
  }

  #entry(cursor: Cursor): OpenEntry {
    return this.#entries.at(-1) ?? cursor.fail('an entry to which it belongs');
  }

  #node(cursor: Cursor): Node {
    return this.#lookUp(cursor.reference(), cursor);
  }

  #lookUp(number: string, cursor: Cursor): Node {
    return this.#nodes.get(number) ?? cursor.refuse(`a node that stands above, not ${number}`);
  }

  #attrs(cursor: Cursor): Attrs {
    const items = cursor.list('{', '}', (): [string, Attr] => {
      const name = cursor.name();
      cursor.expect(':');
      return [name, this.#attr(cursor)];
    });
    return Object.fromEntries(items);
  }

  #attr(cursor: Cursor): Attr {
    if (cursor.looksAt('[')) {
      const items = cursor.list('[', ']', () =>
        cursor.looksAt('"') ? this.#stringOrDim(cursor) : this.#dim(cursor),
      );
      const texts = items.filter((item) => typeof item === 'string');
      const dims = items.filter((item) => typeof item !== 'string');
      if (texts.length > 0 && dims.length > 0)
        return cursor.fail('a list of texts or of numbers, not of both');
      return texts.length > 0 ? texts : dims;
    }
    if (cursor.looksAt('"')) return cursor.string();
    if (cursor.accept('true')) return true;
    return cursor.accept('false') ? false : cursor.number();
  }

  #stringOrDim(cursor: Cursor): string | Dim {
    const text = cursor.string();
    return cursor.accept('<=') ? this.#sizeOf(text, 1, cursor) : text;
  }

  #dim(cursor: Cursor): Dim {
    if (cursor.looksAtName()) {
      const name = cursor.name();
      // A list of numbers may hold the names of those that are no digits.
      if (!cursor.accept('<=')) return cursor.numberNamed(name);
      return this.#sizeOf(name, 1, cursor);
    }
    const number = cursor.number();
    if (!cursor.accept('*')) return number;
    const name = cursor.name();
    cursor.expect('<=');
    return this.#sizeOf(name, number, cursor);
  }

  #sizeOf(name: string, factor: number, cursor: Cursor): Dim {
    const size = this.#sizes.get(name);
    if (size === undefined) return cursor.fail(`a size that is declared in place of ${quoted(name)}`);
    const max = cursor.number();
    return max === size.max ? { size, factor } : cursor.refuse(`the declared bound ${size.max}, not ${max}`);
  }
}

function shapeText(shape: readonly Dim[]): string {
  return `[${shape.map(quotedDimText).join(', ')}]`;
}

function initOf(attrs: Attrs, cursor: Cursor): Init {
  const number = (name: string): number => numberOf('init', attrs, name);
  switch (attrs.kind) {
    case 'constant':
      return { kind: 'constant', value: number('value') };
    case 'uniform':
      return { kind: 'uniform', low: number('low'), high: number('high'), stream: number('stream') };
    case 'normal':
      return {
        kind: 'normal',
        mean: number('mean'),
        deviation: number('deviation'),
        stream: number('stream'),
      };
    case 'values':
      return { kind: 'values', words: textOf('init', attrs, 'words') };
    default:
      return cursor.fail('a first value of kind constant, uniform, normal or values');
  }
}
