/**
 * What types know of a module: its entries, inputs, outputs, states, run-time scalars and sizes. All of it is for the type
 * checker alone, and no byte of it is left at run time.
 *
 * A kind of names is *open* where its names are those of all strings: then any name is taken, as without types.
 */
import type { ValueType } from './program.ts';
import type { Output, Values } from './values.ts';

/** What a module, a program and a session are of. `sinter build` writes one; `defineModule` makes one of what its function returns. */
export interface Signature {
  readonly entries: Readonly<Record<string, EntrySignature>>;
  /** Element types of inputs by name. */
  readonly inputs: Readonly<Record<string, ValueType>>;
  /** Element types of states by name. */
  readonly states: Readonly<Record<string, ValueType>>;
  /** Element types of run-time scalars by name. */
  readonly params: Readonly<Record<string, ValueType>>;
  /** Names of bounded sizes. */
  readonly sizes: string;
}

/** What an entry reads and gives. */
export interface EntrySignature {
  /** Names of the inputs that it reads; `string` where they are not known. */
  readonly inputs: string;
  /** By name; an output that may be absent is optional. */
  readonly outputs: Readonly<Record<string, OutputSignature | undefined>>;
}

/** An output. */
export interface OutputSignature {
  readonly dtype: ValueType;
  /** Whether it has no axes: then epochs and `evaluate` have a number of it; `boolean` where that is not known. */
  readonly scalar: boolean;
}

/** That of which nothing is known: names may be any, and what comes back has to be looked at. */
export type AnySignature = Signature;

/** That of which nothing is written down: it is there for types, and absent at run time. */
declare const signature: unique symbol;

/** What a signature is known of, as of a program that was read from JSON: `Program & Typed<S>`. */
export interface Typed<out S extends Signature> {
  readonly [signature]?: S;
}

/** Names of entries. */
export type EntryName<S extends Signature> = keyof S['entries'] & string;

/** The entry that `train` takes where it is told none. */
export type DefaultEntry<S extends Signature> =
  'train' extends EntryName<S> ? 'train' & EntryName<S> : EntryName<S>;

/** Values by the names of a record: of some of those that it has, or of any where it is open. */
export type ByName<Named, Value> = string extends keyof Named
  ? Readonly<Record<string, Value>>
  : { readonly [Name in keyof Named]?: Value };

/** Names that are known among those of a record, which may be open besides. */
export type KnownName<Named> = keyof { [Name in keyof Named as string extends Name ? never : Name]: Name } &
  string;

/** A name of a record: one that is known, or any where it is open, of which those that are known are completed. */
export type NameOf<Named> = string extends keyof Named
  ? KnownName<Named> | (string & Record<never, never>)
  : keyof Named & string;

/** Arrays by input name, of numbers: truth values are 0 and 1. */
export type DataOf<S extends Signature> = ByName<S['inputs'], Values>;

/** Arrays by input name for an entry: those that it reads have to be there. */
export type Inputs<S extends Signature, E extends EntryName<S>> =
  string extends ReadBy<S, E>
    ? DataOf<S>
    : Closed<
        {
          // Over the record itself: what its declaration says of an input is shown where it is given.
          readonly [Name in keyof Pick<S['inputs'], ReadBy<S, E> & keyof S['inputs']>]: Values;
        } & ByName<Others<S['inputs'], ReadBy<S, E>>, Values>
      >;

type Others<Named, Name> = { [Other in keyof Named as Exclude<Other, Name>]: Named[Other] };

type ReadBy<S extends Signature, E extends EntryName<S>> = S['entries'][E]['inputs'];

/** What a call of an entry is given behind its name: inputs may be left out where it reads none. */
export type Arguments<Given, Options> =
  Record<never, never> extends Given
    ? [inputs?: Given, options?: Options]
    : [inputs: Given, options?: Options];

/** The array that has elements of a type: of truth values `Uint32Array`, 0 or 1. */
export type Elements<D extends ValueType> = D extends 'f32'
  ? Float32Array
  : D extends 'i32'
    ? Int32Array
    : Uint32Array;

/** What a call of an entry gives, by name. */
export type Outputs<S extends Signature, E extends EntryName<S>> = string extends keyof Given<S, E>
  ? Record<string, Output>
  : { readonly [Name in keyof Given<S, E>]: Output<Elements<Known<S, E, Name>['dtype']>> };

type Given<S extends Signature, E extends EntryName<S>> = S['entries'][E]['outputs'];
type Known<S extends Signature, E extends EntryName<S>, Name extends keyof Given<S, E>> = NonNullable<
  Given<S, E>[Name]
>;

/** Numbers that scalar outputs come to over many steps; where it is not known whether an output is one, it may be absent. */
export type ScalarTotals<S extends Signature, E extends EntryName<S>> = string extends keyof Given<S, E>
  ? Readonly<Record<string, number>>
  : Flat<
      { readonly [Name in keyof Given<S, E> as IfScalar<S, E, Name, true>]: number } & {
        readonly [Name in keyof Given<S, E> as IfScalar<S, E, Name, boolean>]?: number;
      }
    >;

/** What outputs with axes come to over many steps. */
export type ArrayTotals<S extends Signature, E extends EntryName<S>> = string extends keyof Given<S, E>
  ? Readonly<Record<string, Total<ValueType>>>
  : Flat<
      {
        readonly [Name in keyof Given<S, E> as IfScalar<S, E, Name, false>]: Total<
          Known<S, E, Name>['dtype']
        >;
      } & {
        readonly [Name in keyof Given<S, E> as IfScalar<S, E, Name, boolean>]?: Total<
          Known<S, E, Name>['dtype']
        >;
      }
    >;

/** The name of an output of which exactly that is known. */
type IfScalar<S extends Signature, E extends EntryName<S>, Name extends keyof Given<S, E>, Is> = [
  Is,
  Known<S, E, Name>['scalar'],
] extends [Known<S, E, Name>['scalar'], Is]
  ? Name
  : never;

/** An intersection as one type, which has no other names where it has none. */
type Closed<T> = [keyof T] extends [never] ? Readonly<Record<string, never>> : Flat<T>;

/** An intersection as one type. */
type Flat<T> = { [Name in keyof T]: T[Name] };

/** Rows one after the other, means of floats, or sums of others, which may exceed 32 bits. */
type Total<D extends ValueType> = Output<Elements<D> | (D extends 'f32' ? never : Float64Array<ArrayBuffer>)>;

/** The values of a state. */
export type StateOutput<S extends Signature, Name> = [KnownName<S['states']>] extends [never]
  ? Output
  : Name extends KnownName<S['states']>
    ? Output<Elements<S['states'][Name]>>
    : Output;
