/** Turns the text of a WebAssembly module into its bytes. */
export type Assemble = (text: string) => Uint8Array;

/** Text in folded form as a tree: instructions with their operands inside, `['i32.add', […], […]]`. */
type Tree = string | readonly Tree[];

/** The assembler, loaded when a program for WebAssembly is made, and only then. */
export async function loadAssembler(): Promise<Assemble> {
  const [{ default: compile }, { default: parse }] = await Promise.all([
    import('watr/compile'),
    import('watr/parse'),
  ]);
  return (text) => {
    const tree: Tree = parse(text);
    const bytes: unknown = compile(unfolded(tree));
    if (bytes instanceof Uint8Array) return bytes;
    throw new TypeError('the assembler gave no bytes');
  };
}

/**
 * A module with the bodies of its functions as flat lists of instructions. The assembler can do that itself, but
 * copies what is nested once for each level: it takes half as long when it is done before.
 */
function unfolded(module: Tree): Tree {
  if (typeof module === 'string') return module;
  return module.map((field) => (isForm(field, 'func') ? unfoldedFunction(field) : field));
}

const declarations = new Set(['param', 'result', 'local', 'export']);

function unfoldedFunction(func: readonly Tree[]): Tree {
  const body: Tree[] = ['func'];
  for (const part of func.slice(1)) {
    const isDeclaration = typeof part === 'string' || declarations.has(String(part[0]));
    if (isDeclaration) body.push(part);
    else unfold(part, body);
  }
  return body;
}

/** Writes an instruction after its operands. */
function unfold(node: Tree, into: Tree[]): void {
  if (typeof node === 'string') {
    into.push(node);
    return;
  }
  const [op = ''] = node;
  const isBlock = op === 'block' || op === 'loop';
  // What an instruction takes besides operands comes right after it; a block's before what is in it.
  if (isBlock) immediates(node, into);
  for (let k = 1; k < node.length; k++) {
    const part = node[k] ?? '';
    if (isOperand(part) && !isForm(part, 'then') && !isForm(part, 'else')) unfold(part, into);
  }
  if (!isBlock) immediates(node, into);
  if (op === 'if') {
    for (const part of node) {
      if (isForm(part, 'else')) into.push('else');
      if (isForm(part, 'then') || isForm(part, 'else'))
        for (let k = 1; k < part.length; k++) unfold(part[k] ?? '', into);
    }
  }
  if (isBlock || op === 'if') into.push('end');
}

/** Writes an instruction with what it takes that is no operand: numbers, names, types. */
function immediates(node: readonly Tree[], into: Tree[]): void {
  for (const part of node) if (!isOperand(part)) into.push(part);
}

function isOperand(part: Tree): boolean {
  return typeof part !== 'string' && part[0] !== 'result';
}

function isForm(node: Tree, name: string): node is readonly Tree[] {
  return typeof node !== 'string' && node[0] === name;
}
