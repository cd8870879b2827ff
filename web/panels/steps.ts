import type { Role } from '../../src/inspect/look.ts';

/** A dispatch along the time of a step. Microseconds from its begin. */
export interface Span {
  readonly dispatch: number;
  readonly role: Role;
  readonly from: number;
  /** Of the dispatch itself, before its kernel begins: 0 where it is not told. */
  readonly overhead: number;
  /** Of its kernel. */
  readonly micros: number;
  /** Half of what was measured lies between the two. */
  readonly quartiles?: readonly [number, number];
}

/** What a dispatch takes. */
export type SpanTime = Omit<Span, 'dispatch' | 'from'>;

/** Dispatches one after the other: each begins where the one before ends. */
export function spansOf(times: readonly SpanTime[]): Span[] {
  let from = 0;
  return times.map((time, dispatch) => {
    const span = { ...time, dispatch, from };
    from += time.overhead + time.micros;
    return span;
  });
}

/** Where the last of some spans ends; 0 where there are none. */
export function endOf(spans: readonly Span[]): number {
  const last = spans.at(-1);
  return last === undefined ? 0 : last.from + last.overhead + last.micros;
}
