import { tensorSize } from '../loops/edges.ts';
import { type Loop, type Param, subexpressions, type Tensor } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import { groupText, tensorsOf } from '../schedule/alike.ts';
import type { Group } from '../schedule/group.ts';
import type { Location } from './addresses.ts';
import { addressText } from './code.ts';
import { ContractWriter } from './contractKernel.ts';
import { Functions, type ModuleScope, type Runnable } from './functions.ts';
import type { GroupSchedule } from './schedule.ts';

/** What the functions of a group's loops are, however its loops are called and wherever its tensors lie. */
export interface GroupLikeness {
  /** Equal for groups whose functions differ in names and addresses alone. */
  readonly key: string;
  /** Where the group's tensors lie, in the order in which they come first: each address once. */
  readonly addresses: readonly number[];
}

/**
 * The likeness of a group; null for one that is written by itself: its tensors lie over one another in part, which functions of
 * other groups need not know.
 *
 * @param schedule its schedule, of which equal groups have equal ones
 */
export function likenessOf(
  group: Group,
  schedule: GroupSchedule,
  { place, machine }: Pick<ModuleScope, 'place' | 'machine'>,
): GroupLikeness | null {
  const text = groupText(group, machine);
  if (text === null) return null;
  const inside = new Set(group.locals);
  const tensors = new Set(group.loops.flatMap(tensorsOf).filter((tensor) => !inside.has(tensor)));
  const numbers = new Map<number, number>();
  const ends = new Map<number, number>();
  const places = [...tensors].map((tensor) => {
    const { address, base } = place(tensor);
    if (base !== undefined) return `${base}${address}`;
    ends.set(address, Math.max(ends.get(address) ?? 0, address + 4 * tensorSize(tensor)));
    const number = numbers.get(address) ?? numbers.size;
    numbers.set(address, number);
    return number;
  });
  const inOrder = [...ends].sort(([a], [b]) => a - b);
  if (inOrder.some(([, end], k) => end > (inOrder[k + 1]?.[0] ?? end))) return null;
  const params = group.loops.flatMap(paramsIn).map(({ name }) => name);
  return { key: JSON.stringify([text, schedule.block, places, params]), addresses: [...numbers.keys()] };
}

/** The parameters that a loop reads, in the order of its expressions. */
const paramsIn = memoized((loop: Loop): readonly Param[] =>
  [...subexpressions(...loop.reductions.map((r) => r.body), ...loop.outs.map((out) => out.value))].flatMap(
    (e) => (e.kind === 'param' ? [e.param] : []),
  ),
);

/**
 * What stands for an address: so many for each place, so far apart that an address says which place it is of, and how many
 * bytes after it, wherever it was computed.
 */
const APART = 2 ** 34;

/** Names of functions begin with it, in place of their kernel's name. */
const NO_KERNEL = '@';

const PARTS = /\$@\.[^\s()]+| offset=\d{10,}|\(i32\.const 0x[0-9a-f]{9,}\)/g;

/** What writes a group's loops. @returns for each what the group's function does, and where its scratch ends */
export type WriteLoops = (
  functions: Functions,
  contractions: ContractWriter,
  written: (loop: number) => void,
) => LoopTexts;

/** Statements of a group's function, and bytes of scratch that its loops take. */
export interface LoopTexts {
  readonly calls: readonly string[];
  readonly scratch: number;
}

/** The functions of a group's loops for all groups that are like it: written once, with what stands for names and addresses. */
export class GroupText {
  readonly #functions: Functions;
  readonly #contractions: ContractWriter;
  readonly #texts: LoopTexts;
  readonly #loops: readonly Loop[];
  /** For each name that was asked for the loop that it is of. */
  readonly #loopOf: number[] = [];
  /** The least that an address of each place is after it. */
  readonly #least: number[] = [];

  /** @param addresses of the group's tensors */
  constructor(group: Group, addresses: readonly number[], scope: ModuleScope, write: WriteLoops) {
    const at = new Map(addresses.map((address, k) => [address, (k + 1) * APART]));
    const place = (tensor: Tensor): Location => {
      const own = scope.place(tensor);
      if (own.base !== undefined) return own;
      const address = at.get(own.address);
      if (address === undefined) throw new RangeError(`${tensor.name} is not a tensor of its group`);
      return { ...own, address };
    };
    this.#loops = group.loops;
    this.#functions = new Functions(NO_KERNEL, { ...scope, place });
    this.#contractions = new ContractWriter(this.#functions, (addresses.length + 1) * APART);
    this.#texts = write(this.#functions, this.#contractions, (loop) => {
      while (this.#loopOf.length < this.#functions.named.length) this.#loopOf.push(loop);
    });
    const texts = [...this.#functions.written.map(({ text }) => text), ...this.#texts.calls];
    for (const part of texts.flatMap((text) => text.match(PARTS) ?? [])) {
      if (part.startsWith('$')) continue;
      const [place, after] = placed(addressIn(part));
      this.#least[place] = Math.min(this.#least[place] ?? 0, after);
    }
  }

  /** Whether no address comes before memory where the tensors lie at these: there another text is written. */
  fits(addresses: readonly number[]): boolean {
    return addresses.every((address, k) => address + (this.#least[k + 1] ?? 0) >= 0);
  }

  /** Writes the functions for a group that is like the first, into a kernel. @param packedAt address from which operands are packed */
  into(
    group: Group,
    addresses: readonly number[],
    functions: Functions,
    contractions: ContractWriter,
    packedAt: number,
  ): LoopTexts {
    const names = new Map(
      this.#functions.named.map(({ name, wish }, k): [string, string] => {
        const loop = this.#loopOf[k] ?? 0;
        const [first, own] = [this.#loops[loop], group.loops[loop]];
        if (first === undefined || own === undefined || !wish.startsWith(first.name))
          throw new RangeError(`a function ${wish} that is not named after its loop`);
        return [`$${name}`, `$${functions.fresh(`${own.name}${wish.slice(first.name.length)}`)}`];
      }),
    );
    const all = [0, ...addresses, packedAt + contractions.packedBytes];
    const own = (text: string): string =>
      text.replace(PARTS, (part) => {
        if (part.startsWith('$')) return names.get(part) ?? part;
        const [place, after] = placed(addressIn(part));
        const address = (all[place] ?? 0) + after;
        return part.startsWith(' ') ? ` offset=${address}` : addressText(address);
      });
    for (const { name, text, about } of this.#functions.written) {
      const loop = typeof about === 'object' ? group.loops[this.#loops.indexOf(about)] : about;
      functions.take({ name: own(`$${name}`).slice(1), text: own(text), about: loop });
    }
    const runnable = ({ run, tasks }: Runnable): Runnable => ({ run: own(`$${run}`).slice(1), tasks });
    contractions.packs.push(...this.#contractions.packs.map(runnable));
    contractions.sums.push(...this.#contractions.sums.map(runnable));
    contractions.packedBytes += this.#contractions.packedBytes;
    return { calls: this.#texts.calls.map(own), scratch: this.#texts.scratch };
  }
}

/** Which place an address is of, 0 for none, and how many bytes after it. */
function placed(address: number): readonly [place: number, after: number] {
  const place = Math.round(address / APART);
  return [place, address - place * APART];
}

function addressIn(part: string): number {
  return Number(part.startsWith(' ') ? part.slice(' offset='.length) : part.slice('(i32.const '.length, -1));
}
