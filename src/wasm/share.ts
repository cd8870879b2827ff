import { addressText } from './code.ts';

/** A function of the module, with its comments before it. */
export interface FunctionText {
  /** Without the `$`. */
  readonly name: string;
  readonly text: string;
  /** The loop that it computes, by name, where it computes one. */
  readonly loop?: string;
}

/**
 * The functions of a module, each kind once: those that differ in names and comments alone are one, and those that differ in
 * addresses too are one that is given them. Layers that are alike have functions that are.
 *
 * Addresses are the constants in hexadecimal and the offsets of loads and stores. Parameters for them come first: a call's
 * operands stay as they are.
 *
 * @param roots names of functions that something else calls: they are kept as they are, except their calls
 * @returns in the same order
 */
export function sharedFunctions(
  functions: readonly FunctionText[],
  roots: ReadonlySet<string>,
): FunctionText[] {
  const texts = new Map(functions.map(({ name, text }) => [name, text]));
  const calls = new Map<string, string>();
  for (const level of byHeight(functions)) {
    const alike = new Map<string, Skeleton[]>();
    for (const name of level) {
      const text = (texts.get(name) ?? '').replace(
        CALLS,
        (call, callee: string) => calls.get(callee) ?? call,
      );
      texts.set(name, text);
      if (roots.has(name)) continue;
      const skeleton = skeletonOf(name, text);
      const others = alike.get(skeleton.key);
      if (others === undefined) alike.set(skeleton.key, [skeleton]);
      else others.push(skeleton);
    }
    for (const members of alike.values()) share(members, texts, calls);
  }
  return functions.flatMap((one) => {
    const text = texts.get(one.name);
    return text === undefined ? [] : [{ ...one, text }];
  });
}

/** A function without what differs in those that are like it. */
interface Skeleton {
  readonly name: string;
  readonly key: string;
  /** Its addresses, in the order of its text. */
  readonly addresses: readonly number[];
}

const CALLS = /call \$([^\s()]+)/g;
/** What giving a function an address adds to a call, and to the function. */
const ARGUMENT = ' (i32.const 0x00000)';
const PARAMETER = ' (param $.0 i32)';
const PARTS =
  /;;[^\n]*\n|(?:call|global\.get|global\.set) \$[^\s()]+|\$[^\s()]+| offset=\d+|\(i32\.const 0x[0-9a-f]+\)/g;

function skeletonOf(name: string, text: string): Skeleton {
  const names = new Map<string, string>([[`$${name}`, '$']]);
  const addresses: number[] = [];
  const key = text.replace(PARTS, (part) => {
    if (part.startsWith(';')) return '';
    // Functions and globals are the module's: their names say which.
    if (/^[cg]/.test(part)) return part;
    if (part.startsWith('$')) {
      const known = names.get(part);
      if (known !== undefined) return known;
      const made = `$${names.size}`;
      names.set(part, made);
      return made;
    }
    addresses.push(addressIn(part));
    return part.startsWith(' ') ? ' offset' : '@';
  });
  return { name, key, addresses };
}

function addressIn(part: string): number {
  return Number(part.startsWith(' ') ? part.slice(' offset='.length) : part.slice('(i32.const '.length, -1));
}

/** Makes one function of those that are alike, where that is less text. */
function share(members: readonly Skeleton[], texts: Map<string, string>, calls: Map<string, string>): void {
  const [first, ...others] = members;
  if (first === undefined || others.length === 0) return;
  const given = new Given(members.map(({ addresses }) => addresses));
  const text = texts.get(first.name) ?? '';
  const told = given.count * (members.length * ARGUMENT.length + PARAMETER.length);
  if (told > others.length * text.length) return;
  for (const [m, { name }] of members.entries()) {
    calls.set(name, [`call $${first.name}`, ...given.values(m).map(addressText)].join(' '));
    if (m > 0) texts.delete(name);
  }
  if (given.count > 0) texts.set(first.name, givenText(text, given, members.length));
}

/** Where an address comes from: a parameter, and how many bytes after it. */
interface Source {
  readonly parameter: number;
  readonly after: number;
}

/** What functions that are alike have to be given: addresses that are the same distance apart in all are one. */
class Given {
  readonly #members: readonly (readonly number[])[];
  /** For each address the parameter that it is given by, and how far after it it lies; null where it is the same in all. */
  readonly #sources: readonly (Source | null)[];
  /** For each parameter the position of the address that it is. */
  readonly #positions: readonly number[];

  constructor(members: readonly (readonly number[])[]) {
    this.#members = members;
    const [first = []] = members;
    const byDistances = new Map<string, number[]>();
    for (const k of first.keys()) {
      const distances = members.map((own) => (own[k] ?? 0) - (first[k] ?? 0));
      if (distances.every((distance) => distance === 0)) continue;
      const key = distances.join();
      byDistances.set(key, [...(byDistances.get(key) ?? []), k]);
    }
    const groups = [...byDistances.values()];
    const least = groups.map((group) => group.reduce((a, b) => ((first[b] ?? 0) < (first[a] ?? 0) ? b : a)));
    const parameterOf = new Map(groups.flatMap((group, parameter) => group.map((k) => [k, parameter])));
    this.#positions = least;
    this.#sources = first.map((address, k) => {
      const parameter = parameterOf.get(k);
      if (parameter === undefined) return null;
      return { parameter, after: address - (first[least[parameter] ?? 0] ?? 0) };
    });
  }

  /** How many parameters there are. */
  get count(): number {
    return this.#positions.length;
  }

  /** What a member gives. */
  values(member: number): number[] {
    return this.#positions.map((k) => this.#members[member]?.[k] ?? 0);
  }

  /** Where the k-th address of the text comes from. */
  source(k: number): Source | null {
    return this.#sources[k] ?? null;
  }
}

/** A function that is given its addresses. No other name has a dot in front. */
function givenText(text: string, given: Given, members: number): string {
  const parameter = (k: number): string => `$.${k}`;
  const get = (k: number): string => `(local.get ${parameter(k)})`;
  const addressFrom = ({ parameter, after }: Source): string =>
    after === 0 ? get(parameter) : `(i32.add ${get(parameter)} (i32.const ${after}))`;
  let address = 0;
  let depth = 0;
  /** Depths at which the operand ends that a parameter is added to. */
  const open: number[] = [];
  let added: string | null = null;
  const plusAdded = (operand: string): string => {
    if (added === null) return operand;
    const sum = `(i32.add ${added} ${operand})`;
    added = null;
    return sum;
  };
  const body = text.replace(new RegExp(`${PARTS.source}|[()]`, 'g'), (part) => {
    if (part === '(') {
      depth++;
      if (added === null) return part;
      const before = added;
      added = null;
      open.push(depth);
      return `(i32.add ${before} (`;
    }
    if (part === ')') {
      const isEnd = open.at(-1) === depth--;
      if (isEnd) open.pop();
      return isEnd ? '))' : part;
    }
    const isOffset = part.startsWith(' ');
    if (!isOffset && !part.startsWith('(')) return part;
    const source = given.source(address++);
    if (!isOffset) return plusAdded(source === null ? part : addressFrom(source));
    if (source === null) return part;
    added = get(source.parameter);
    return source.after === 0 ? '' : ` offset=${source.after}`;
  });
  const params = Array.from({ length: given.count }, (_, k) => ` (param ${parameter(k)} i32)`).join('');
  return body.replace(
    /\(func (\$[^\s()]+)/,
    (head) => `;; one of ${members} that differ in addresses\n${head}${params}`,
  );
}

/** Names of functions by how deep they call: a level calls the ones before. */
function byHeight(functions: readonly FunctionText[]): string[][] {
  const callees = new Map(
    functions.map(({ name, text }) => [name, [...text.matchAll(CALLS)].map(([, callee = '']) => callee)]),
  );
  const heights = new Map<string, number>();
  // A kernel's functions call one another a few levels deep, and none calls itself.
  const heightOf = (name: string): number => {
    const known = heights.get(name);
    if (known !== undefined) return known;
    const height = (callees.get(name) ?? []).reduce(
      (most, callee) => Math.max(most, 1 + heightOf(callee)),
      0,
    );
    heights.set(name, height);
    return height;
  };
  const levels: string[][] = [];
  for (const { name } of functions) {
    const height = heightOf(name);
    const level = levels[height];
    if (level === undefined) levels[height] = [name];
    else level.push(name);
  }
  return levels.filter((level) => level !== undefined);
}
