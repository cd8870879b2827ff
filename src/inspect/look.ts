import type { Decision } from '../fuse/index.ts';
import type { KernelSpan } from '../kernels/spans.ts';
import type { Dtype } from '../loops/index.ts';
import type { QuantityName } from '../machine/index.ts';
import type { Profile } from '../profile/profile.ts';
import type { Report } from './report.ts';

/**
 * Everything that the page of a report shows: plain data that survives JSON. What made it needs the compiler; what draws it (`web/panels`)
 * needs nothing but this.
 */
export interface Look {
  readonly format: 'sinter-look';
  readonly version: 1;
  /** Dispatches, kernels, the plan of memory: what the tables of `sinter inspect` show. */
  readonly report: Report;
  /** Numbers of the machine, each with its unit and where it comes from. */
  readonly quantities: Readonly<
    Record<QuantityName, { readonly value: number; readonly unit: string; readonly from: string }>
  >;
  /** Files that nodes name in their `source`, as far as their text is known. */
  readonly files: readonly SourceFile[];
  /** Every node of the graph, each at the place of its id; operands come before their users. */
  readonly nodes: readonly LookNode[];
  readonly entries: Readonly<Record<string, LookEntry>>;
  /** Each kernel of the report by its name: which lines compute which nodes. */
  readonly kernels: Readonly<Record<string, LookKernel>>;
  /** In the order in which they ran; those of all entries, and what is of none of them. */
  readonly passes: readonly LookPass[];
  /** What steps took, where they were measured: by entry. */
  readonly profiles: Readonly<Record<string, Profile>>;
  /** Milliseconds of the whole compilation. */
  readonly milliseconds: number;
}

export type { KernelSpan };

/** A file of the user's. */
export interface SourceFile {
  /** As nodes name it, `model.ts`. */
  readonly name: string;
  readonly text: string;
}

/**
 * What a node is for: an input, state or constant; what a step computes out of inputs; gradients; next states.
 * What only other entries need (predictions) is `forward` too.
 */
export type Role = 'data' | 'forward' | 'backward' | 'update';

/** A node of the graph. */
export interface LookNode {
  readonly id: number;
  readonly op: string;
  /** Ids of its operands. */
  readonly inputs: readonly number[];
  readonly dtype: Dtype;
  /** `[batch<=128, 10]` */
  readonly shape: string;
  /** Its attributes as the text form prints them, long ones cut; absent where it has none. */
  readonly attrs?: string;
  readonly label?: string;
  /** The user's line that built it. */
  readonly source?: { readonly file: string; readonly line: number };
  readonly role: Role;
  /** The layer that it belongs to, outermost first (`['encoder', 'block1']`); empty where it belongs to none. */
  readonly layer: readonly string[];
  /** Whether it only says which elements are read: it costs nothing. */
  readonly isMovement: boolean;
}

/** One entry: what of the graph it needs, and what became of it. */
export interface LookEntry {
  /** Ids of the nodes that it needs, leaves and movements included. */
  readonly nodes: readonly number[];
  /** Ids of its outputs' nodes, by name, and of the next states, by the state's name. */
  readonly outputs: Readonly<Record<string, number>>;
  readonly updates: Readonly<Record<string, number>>;
  /** As many as the report's, in their order. */
  readonly dispatches: readonly LookDispatch[];
  readonly decisions: readonly LookDecision[];
}

/** One dispatch, beside what the report says of it. */
export interface LookDispatch {
  /** What it computes in the user's words, a line for each of its loops. */
  readonly formulas: readonly Formula[];
  /** Ids of the nodes that it computes. */
  readonly computes: readonly number[];
  /** Those of them that an earlier dispatch computes too: made again, rather than stored. */
  readonly again: readonly number[];
  /** Tensors that it reads and writes, by the names of the buffer plan and of states, inputs and outputs. */
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
  /** What most of its work is for. */
  readonly role: Role;
  /** Its parts of the step, from 0 to 1. */
  readonly flopsShare: number;
  readonly timeShare: number;
  /** Least microseconds by the machine's rates, and which of them limits. */
  readonly roofline: { readonly micros: number; readonly limit: 'arithmetic' | 'cache' | 'memory' };
}

/** A tensor that a dispatch reads or writes. */
export interface Access {
  readonly tensor: string;
  /** `f32[batch<=128, 10]` */
  readonly type: string;
  readonly role: 'data' | 'state' | 'temp' | 'next' | 'result' | 'literal';
}

/** What one loop computes: `hidden = relu(x/255 · hidden.weight + hidden.bias)`. */
export interface Formula {
  /** The loop's name. */
  readonly name: string;
  readonly text: string;
  readonly role: Role;
  /** Type of what it gives, `f32[batch<=128, 10]`. */
  readonly type: string;
  /** Ids of the nodes that it computes. */
  readonly nodes: readonly number[];
}

/** Something that fusion considered, done or not. */
export interface LookDecision {
  readonly move: Decision['move'];
  readonly from: string;
  readonly to: string;
  readonly taken: boolean;
  /** The reason as a sentence, with its price. */
  readonly text: string;
  /** Microseconds that the step gains by it, where time decided. */
  readonly gain?: number;
}

/** Which lines of a kernel's code compute what. Lines count from 1. */
export interface LookKernel {
  /**
   * In order, apart from one another; lines may be of none. Loops are named as formulas have them: as those of the first dispatch
   * that runs the kernel.
   */
  readonly spans: readonly KernelSpan[];
}

/** A pass that ran. */
export interface LookPass {
  /** Absent where it is of all entries together. */
  readonly entry?: string;
  readonly name: string;
  /** `loops`, `groups`, `stages`…; absent where it is not a pass between levels (the plan of memory, printing). */
  readonly level?: string;
  readonly milliseconds: number;
  readonly verifying: number;
  /** What it gave as text; absent where the text is that of the pass before at its level, or where it has none. */
  readonly text?: string;
  /** How many characters its text has, where that is too long to be kept: then `text` is absent though it differs. */
  readonly characters?: number;
}
