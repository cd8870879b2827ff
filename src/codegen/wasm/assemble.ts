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
  const [op = '', ...parts] = node;
  const immediates = parts.filter((part) => typeof part === 'string' || part[0] === 'result');
  const operands = parts.filter((part) => !immediates.includes(part));
  if (op === 'block' || op === 'loop') {
    into.push(op, ...immediates);
    for (const operand of operands) unfold(operand, into);
    into.push('end');
  } else if (op === 'if') {
    for (const operand of operands)
      if (!isForm(operand, 'then') && !isForm(operand, 'else')) unfold(operand, into);
    into.push(op, ...immediates);
    for (const operand of operands) {
      if (isForm(operand, 'else')) into.push('else');
      if (isForm(operand, 'then') || isForm(operand, 'else'))
        for (const inner of operand.slice(1)) unfold(inner, into);
    }
    into.push('end');
  } else {
    for (const operand of operands) unfold(operand, into);
    into.push(op, ...immediates);
  }
}

function isForm(node: Tree, name: string): node is readonly Tree[] {
  return typeof node !== 'string' && node[0] === name;
}
