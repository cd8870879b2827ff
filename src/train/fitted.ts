import type { EntryName, ScalarTotals, Signature } from '../runtime/index.ts';

/** What types know of values by name where they know nothing: any may be there. */
export type Numbers = Readonly<Record<string, number>>;

/** The entry that validates where a fit by the entry `E` is told none; any where no rule says which. */
export type ValidationEntry<S extends Signature, E extends EntryName<S>> =
  'evaluate' extends EntryName<S>
    ? 'evaluate' & EntryName<S>
    : [WithLoss<S, E>] extends [never]
      ? EntryName<S>
      : WithLoss<S, E>;

/** Other entries that give a loss. */
type WithLoss<S extends Signature, E extends EntryName<S>> = {
  [Name in EntryName<S>]: Name extends E ? never : 'loss' extends ScalarName<S, Name> ? Name : never;
}[EntryName<S>];

/** Names of outputs of an entry that are scalars, or may be. */
export type ScalarName<S extends Signature, E extends EntryName<S>> =
  E extends EntryName<S> ? keyof ScalarTotals<S, E> & string : never;

/** The scalars that an epoch keeps of an entry, of those that are named. */
export type KeptScalars<S extends Signature, E extends EntryName<S>, N extends string> = Kept<
  ScalarTotals<S, E>,
  N
>;

/** The scalars that a validation keeps: of the entry those that are named, and what functions give. */
export type ValidatedScalars<
  S extends Signature,
  V extends EntryName<S>,
  N extends string,
  F extends string,
> =
  string extends EntryName<S>
    ? Numbers
    : // Of a list of names TypeScript infers any name as that of a function.
      string extends F
      ? Kept<ScalarTotals<S, V>, N>
      : Flat<Kept<ScalarTotals<S, V>, N> & { readonly [Name in F]: number }>;

type Kept<Scalars, N extends string> = string extends keyof Scalars
  ? Numbers
  : Flat<Pick<Scalars, keyof Scalars & N>>;

/** An intersection as one type. */
type Flat<T> = { [Name in keyof T]: T[Name] };
