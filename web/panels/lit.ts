import type { KernelSpan, Look, LookDispatch } from '../../src/inspect/look.ts';
import { type Places, placesOf } from './places.ts';
import type { Lit, Picked } from './selection.ts';

/**
 * What lights up in all panels for what was picked in one of them. It is empty for what the entry does not have: a node of
 * another entry, a line that builds nothing.
 *
 * - A node: the line that built it, the dispatches that compute it, the lines of their kernels that do, its tensor.
 * - A line of the user's: all of that for every node that it built.
 * - A dispatch: what it computes, the whole code of its loops, what it reads and writes.
 * - A line of a kernel: the loop that it computes, and that loop's nodes; the dispatches that run it.
 * - A buffer: the dispatches that touch it, and the nodes whose values it holds.
 */
export function litOf(look: Look, entry: string, picked: Picked | undefined): Lit {
  const lit = new Gathering();
  if (picked !== undefined) gather(lit, look, placesOf(look, entry), picked);
  return lit;
}

/** The nodes that stand for what was picked: what questions about it are asked of. */
export function nodesPicked(look: Look, entry: string, picked: Picked): readonly number[] {
  const places = placesOf(look, entry);
  switch (picked.kind) {
    case 'node':
      return places.nodes.has(picked.id) ? [picked.id] : [];
    case 'line':
      return places.nodesOfLine.get(picked.file)?.get(picked.line) ?? [];
    case 'dispatch':
      return places.entry.dispatches[picked.dispatch]?.computes ?? [];
    case 'code': {
      const loop = spanAt(look, picked.kernel, picked.line)?.loop;
      const dispatches = places.dispatchesOfKernel.get(picked.kernel) ?? [];
      if (loop === undefined)
        return unique(dispatches.flatMap((k) => places.entry.dispatches[k]?.computes ?? []));
      return unique(dispatches.flatMap((k) => nodesOfLoop(places, picked.kernel, k, loop)));
    }
    case 'buffer':
      return places.nodesOfTensor.get(picked.name) ?? [];
    default:
      return picked satisfies never;
  }
}

/** The innermost span of a kernel that holds a line. */
export function spanAt(look: Look, kernel: string, line: number): KernelSpan | undefined {
  return (look.kernels[kernel]?.spans ?? [])
    .filter(({ from, to }) => from <= line && line <= to)
    .reduce<KernelSpan | undefined>(
      (inner, span) => (inner === undefined || span.to - span.from <= inner.to - inner.from ? span : inner),
      undefined,
    );
}

function gather(lit: Gathering, look: Look, places: Places, picked: Picked): void {
  switch (picked.kind) {
    case 'node':
      gatherNode(lit, look, places, picked.id);
      return;
    case 'line':
      lit.addLine(picked.file, picked.line);
      for (const id of places.nodesOfLine.get(picked.file)?.get(picked.line) ?? [])
        gatherNode(lit, look, places, id);
      return;
    case 'dispatch':
      gatherDispatch(lit, look, places, picked.dispatch);
      return;
    case 'code':
      gatherCode(lit, look, places, picked.kernel, picked.line);
      return;
    case 'buffer': {
      const dispatches = places.dispatchesOfTensor.get(picked.name) ?? [];
      for (const k of dispatches) lit.dispatches.add(k);
      const nodes = places.nodesOfTensor.get(picked.name) ?? [];
      for (const id of nodes) gatherNode(lit, look, places, id);
      if (dispatches.length > 0 || nodes.length > 0) lit.buffers.add(picked.name);
      return;
    }
    default:
      picked satisfies never;
  }
}

function gatherNode(lit: Gathering, look: Look, places: Places, id: number): void {
  if (!places.nodes.has(id)) return;
  lit.nodes.add(id);
  const source = look.nodes[id]?.source;
  if (source !== undefined) lit.addLine(source.file, source.line);
  for (const tensor of places.tensorsOfNode.get(id) ?? []) lit.buffers.add(tensor);
  for (const k of places.dispatchesOfNode.get(id) ?? []) {
    lit.dispatches.add(k);
    const kernel = places.report.dispatches[k]?.kernel;
    if (kernel === undefined) continue;
    for (const [i, formula] of (places.entry.dispatches[k]?.formulas ?? []).entries()) {
      if (formula.nodes.includes(id)) lit.addSpans(look, kernel, loopInCode(places, kernel, k, i));
    }
  }
}

function gatherDispatch(lit: Gathering, look: Look, places: Places, k: number): void {
  const dispatch = places.entry.dispatches[k];
  if (dispatch === undefined) return;
  lit.dispatches.add(k);
  for (const id of dispatch.computes) lit.addNode(look, places, id);
  for (const { tensor } of [...dispatch.reads, ...dispatch.writes]) lit.buffers.add(tensor);
  const kernel = places.report.dispatches[k]?.kernel;
  if (kernel !== undefined)
    for (const { loop } of look.kernels[kernel]?.spans ?? []) lit.addSpans(look, kernel, loop);
}

function gatherCode(lit: Gathering, look: Look, places: Places, kernel: string, line: number): void {
  const dispatches = places.dispatchesOfKernel.get(kernel) ?? [];
  if (dispatches.length === 0) return;
  lit.addCode(kernel, line);
  for (const k of dispatches) lit.dispatches.add(k);
  const loop = spanAt(look, kernel, line)?.loop;
  if (loop === undefined) return;
  lit.addSpans(look, kernel, loop);
  for (const k of dispatches) {
    for (const id of nodesOfLoop(places, kernel, k, loop)) {
      lit.addNode(look, places, id);
      for (const tensor of places.tensorsOfNode.get(id) ?? []) lit.buffers.add(tensor);
    }
  }
}

/** The nodes that a loop of a kernel's code computes when dispatch `k` runs it. */
function nodesOfLoop(places: Places, kernel: string, k: number, loop: string): readonly number[] {
  const formulas = places.entry.dispatches[k]?.formulas ?? [];
  return formulas
    .filter((_, i) => loopInCode(places, kernel, k, i) === loop)
    .flatMap((formula) => formula.nodes);
}

/**
 * What the code of a kernel calls formula `i` of dispatch `k`: names in it are those of the first dispatch that runs it, whose
 * formulas are as many, in the same order.
 */
function loopInCode(places: Places, kernel: string, k: number, i: number): string | undefined {
  const first = firstOf(places, kernel)?.formulas;
  return first?.[i]?.name ?? places.entry.dispatches[k]?.formulas[i]?.name;
}

function firstOf(places: Places, kernel: string): LookDispatch | undefined {
  const k = places.dispatchesOfKernel.get(kernel)?.[0];
  return k === undefined ? undefined : places.entry.dispatches[k];
}

function unique(ids: readonly number[]): readonly number[] {
  return [...new Set(ids)];
}

class Gathering implements Lit {
  readonly nodes = new Set<number>();
  readonly dispatches = new Set<number>();
  readonly lines = new Map<string, Set<number>>();
  readonly code = new Map<string, Set<number>>();
  readonly buffers = new Set<string>();

  addNode(look: Look, places: Places, id: number): void {
    if (!places.nodes.has(id)) return;
    this.nodes.add(id);
    const source = look.nodes[id]?.source;
    if (source !== undefined) this.addLine(source.file, source.line);
  }

  addLine(file: string, line: number): void {
    addTo(this.lines, file, line);
  }

  addCode(kernel: string, line: number): void {
    addTo(this.code, kernel, line);
  }

  /** All lines of a kernel that compute a loop. */
  addSpans(look: Look, kernel: string, loop: string | undefined): void {
    for (const span of look.kernels[kernel]?.spans ?? []) {
      if (span.loop !== loop) continue;
      for (let line = span.from; line <= span.to; line++) this.addCode(kernel, line);
    }
  }
}

function addTo(lines: Map<string, Set<number>>, key: string, line: number): void {
  const set = lines.get(key) ?? new Set<number>();
  lines.set(key, set);
  set.add(line);
}
