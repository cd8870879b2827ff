import type { Look, LookNode, Role } from '../../src/inspect/look.ts';
import type { Places } from './places.ts';

/** What the graph draws: a node, or several in one box that opens. */
export interface Box {
  /** Its place in the tree, stable while the look and the options stay. */
  readonly key: string;
  readonly title: string;
  readonly kind: 'node' | 'layer' | 'run';
  readonly role: Role;
  /** The nodes in it, in order. */
  readonly nodes: readonly number[];
  /** What stands in it when it is open; nothing in a node. */
  readonly children: readonly Box[];
}

/** The graph of an entry as boxes in boxes, and where each node is drawn. */
export interface BoxTree {
  readonly root: Box;
  /** For each node the one whose value it has on the page: itself, or what it is a view of, where movements are folded. */
  readonly drawnAs: ReadonlyMap<number, number>;
  /** The keys of the boxes around a node, outermost first. */
  readonly around: ReadonlyMap<number, readonly string[]>;
}

/** The most children of a box: what has more gets runs between. */
const MOST_CHILDREN = 40;

/** So many unnamed nodes in sequence, and they are a run. */
const LEAST_RUN = 4;

/**
 * Boxes for an entry: layers of each role, in them their layers; what is in no layer, and all that is too many, in runs of what
 * follows one another. No box has more than 40 children, so that whatever is opened can be drawn.
 *
 * @param folded whether movements and constants are left out: edges go through them
 */
export function boxesOf(look: Look, places: Places, folded: boolean): BoxTree {
  const drawnAs = drawnNodes(look, places, folded);
  const top: Draft = { children: [], layers: new Map() };
  for (const id of places.entry.nodes) {
    const node = look.nodes[id];
    if (node === undefined || drawnAs.get(id) !== id) continue;
    let draft = top;
    if (node.layer.length > 0) {
      // What is given to a layer stands where it is computed with.
      const role = node.role === 'data' ? 'forward' : node.role;
      for (const [depth, name] of node.layer.entries()) {
        const key = depth === 0 ? `${role} ${name}` : name;
        draft = draftOf(draft, key, name, role);
      }
    }
    draft.children.push(node);
  }
  const root: Box = {
    key: '',
    title: '',
    kind: 'layer',
    role: 'forward',
    nodes: places.entry.nodes,
    children: settled(top, ''),
  };
  return { root, drawnAs, around: surroundings(root) };
}

/** Boxes that are shown when these are open, with what each lies in. */
export function shownBoxes(root: Box, open: ReadonlySet<string>): ShownBox[] {
  const shown: ShownBox[] = [];
  const visit = (box: Box, parent: string | undefined): void => {
    const isOpen = box.children.length > 0 && open.has(box.key);
    shown.push({ box, isOpen, ...(parent === undefined ? {} : { parent }) });
    if (isOpen) for (const child of box.children) visit(child, box.key);
  };
  for (const child of root.children) visit(child, undefined);
  return shown;
}

/** A box on the page. */
export interface ShownBox {
  readonly box: Box;
  readonly isOpen: boolean;
  /** The key of the open box around it; absent at the top. */
  readonly parent?: string;
}

/** The keys to open so that at most so many boxes are shown: level by level, small ones first. */
export function openUpTo(root: Box, most: number): ReadonlySet<string> {
  const open = new Set<string>();
  let shown = root.children.length;
  let level: readonly Box[] = root.children;
  while (level.length > 0) {
    const next: Box[] = [];
    for (const box of [...level].sort((a, b) => a.children.length - b.children.length)) {
      if (box.children.length === 0 || shown + box.children.length > most) continue;
      open.add(box.key);
      shown += box.children.length;
      next.push(...box.children);
    }
    level = next;
  }
  return open;
}

/** What is open at first: everything, where it is not more than this; else nothing. */
export function openAtFirst(root: Box, most: number): ReadonlySet<string> {
  const open = openUpTo(root, most);
  const isAll = shownBoxes(root, open).every(({ box, isOpen }) => isOpen || box.children.length === 0);
  return isAll ? open : new Set();
}

/** What is open when a node is to be seen too: all that was, or only what is around it where that would be too much. */
export function opened(
  tree: BoxTree,
  open: ReadonlySet<string>,
  node: number,
  most: number,
): ReadonlySet<string> {
  const around = tree.around.get(tree.drawnAs.get(node) ?? node);
  if (around === undefined || around.every((key) => open.has(key))) return open;
  const more = new Set([...open, ...around]);
  return shownBoxes(tree.root, more).length <= most ? more : new Set(around);
}

interface Draft {
  readonly children: (LookNode | { readonly draft: Draft; readonly name: string; readonly role: Role })[];
  readonly layers: Map<string, Draft>;
}

function draftOf(around: Draft, key: string, name: string, role: Role): Draft {
  const known = around.layers.get(key);
  if (known !== undefined) return known;
  const draft: Draft = { children: [], layers: new Map() };
  around.layers.set(key, draft);
  around.children.push({ draft, name, role });
  return draft;
}

/** Which node each is drawn as; those that are not drawn at all have none. */
function drawnNodes(look: Look, places: Places, folded: boolean): Map<number, number> {
  const drawn = new Map<number, number>();
  const results = new Set([...Object.values(places.entry.outputs), ...Object.values(places.entry.updates)]);
  for (const id of places.entry.nodes) {
    const node = look.nodes[id];
    if (node === undefined) continue;
    if (!folded || results.has(id)) {
      drawn.set(id, id);
    } else if (node.isMovement && node.inputs.length === 1) {
      const source = node.inputs[0];
      const as = source === undefined ? undefined : drawn.get(source);
      if (as !== undefined) drawn.set(id, as);
    } else if (node.inputs.length > 0 || !isConstant(node)) {
      drawn.set(id, id);
    }
  }
  return drawn;
}

/** Numbers that stand in the model's text: every operation would have an edge from one. */
function isConstant({ op }: LookNode): boolean {
  return op === 'constant' || op === 'iota' || op === 'extent';
}

/** A draft's boxes, none with too many children. */
function settled(draft: Draft, path: string): Box[] {
  const boxes = draft.children.map((child, i): Box => {
    if (!('draft' in child)) return boxOfNode(child);
    const key = `${path}/${child.role} ${child.name} ${i}`;
    const children = settled(child.draft, key);
    // A layer of one box is that box.
    const [only] = children;
    if (only !== undefined && children.length === 1 && only.kind === 'node') return only;
    return {
      key,
      title: child.name,
      kind: 'layer',
      role: child.role,
      nodes: nodesIn(children),
      children,
    };
  });
  const ordered = boxes.sort((a, b) => (a.nodes[0] ?? 0) - (b.nodes[0] ?? 0));
  return bounded(ordered.length > MOST_CHILDREN ? withRuns(ordered, path) : ordered, path);
}

function boxOfNode(node: LookNode): Box {
  return {
    key: `%${node.id}`,
    title: node.label ?? node.op,
    kind: 'node',
    role: node.role,
    nodes: [node.id],
    children: [],
  };
}

/** Unnamed nodes of one role that follow one another become a run. */
function withRuns(boxes: readonly Box[], path: string): Box[] {
  const result: Box[] = [];
  let run: Box[] = [];
  const end = (): void => {
    if (run.length >= LEAST_RUN) result.push(runOf(run, path));
    else result.push(...run);
    run = [];
  };
  for (const box of boxes) {
    const isLoose = box.kind === 'node' && box.role !== 'data';
    if (!isLoose || (run[0] !== undefined && run[0].role !== box.role)) end();
    if (isLoose) run.push(box);
    else result.push(box);
  }
  end();
  return result;
}

/** The boxes, or runs of them where they are too many, each of one role, and runs of those. */
function bounded(boxes: readonly Box[], path: string): Box[] {
  if (boxes.length <= MOST_CHILDREN) return [...boxes];
  const size = Math.ceil(boxes.length / (MOST_CHILDREN - parts.length));
  const runs = parts.flatMap((roles) => {
    const own = boxes.filter(({ role }) => roles.includes(role));
    return Array.from({ length: Math.ceil(own.length / size) }, (_, i) =>
      own.slice(i * size, (i + 1) * size),
    );
  });
  return bounded(
    runs.map((run) => (run.length === 1 && run[0] !== undefined ? run[0] : runOf(run, path))),
    path,
  );
}

/** What a run holds no mixture of. */
const parts: readonly (readonly Role[])[] = [['data', 'forward'], ['backward'], ['update']];

function runOf(boxes: readonly Box[], path: string): Box {
  const nodes = nodesIn(boxes);
  const key = `${path}/run ${nodes[0]}-${nodes.at(-1)}`;
  return {
    key,
    title: titleOfRun(boxes),
    kind: 'run',
    role: mostOf(boxes),
    nodes,
    children: bounded(boxes, key),
  };
}

/** Layers say best what is in a run, then what the user named. */
function titleOfRun(boxes: readonly Box[]): string {
  const layers = boxes.filter(({ kind }) => kind !== 'node');
  const named = layers.length > 0 ? layers : boxes;
  const first = named[0]?.title.split(' … ')[0] ?? '';
  const last = named.at(-1)?.title.split(' … ').at(-1) ?? '';
  return first === last ? `${first} …` : `${first} … ${last}`;
}

function mostOf(boxes: readonly Box[]): Role {
  const counts = new Map<Role, number>();
  for (const { role, nodes } of boxes) counts.set(role, (counts.get(role) ?? 0) + nodes.length);
  return [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))[0];
}

function nodesIn(boxes: readonly Box[]): readonly number[] {
  return boxes.flatMap(({ nodes }) => nodes).sort((a, b) => a - b);
}

function surroundings(root: Box): Map<number, readonly string[]> {
  const found = new Map<number, readonly string[]>();
  const visit = (box: Box, around: readonly string[]): void => {
    if (box.kind === 'node') for (const id of box.nodes) found.set(id, around);
    else for (const child of box.children) visit(child, box === root ? [] : [...around, box.key]);
  };
  visit(root, []);
  return found;
}
