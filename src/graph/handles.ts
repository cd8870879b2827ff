import type { Dtype, Size } from '../loops/index.ts';
import type { AnySignature } from '../runtime/signature.ts';
import type { EntryOptions, ModuleEntry, ParamDtype, ValueDtype } from './module.ts';
import type { Tensor } from './tensor.ts';

/** What declarations give back says in its type alone what it is of: nothing of it is there at run time. */
declare const declared: unique symbol;

/** An input: a tensor whose type has its name. */
export interface InputTensor<out Name extends string = string, D extends Dtype = Dtype> extends Tensor<D> {
  readonly [declared]?: Named<'input', Name, D>;
}

/** A state: a tensor whose type has its name. */
export interface StateTensor<out Name extends string = string, D extends ValueDtype = ValueDtype>
  extends Tensor<D> {
  readonly [declared]?: Named<'state', Name, D>;
}

/** A run-time scalar: a tensor whose type has its name. */
export interface ParamTensor<out Name extends string = string, D extends ParamDtype = ParamDtype>
  extends Tensor<D> {
  readonly [declared]?: Named<'param', Name, D>;
}

/** A bounded size whose type has its name. */
export interface NamedSize<out Name extends string = string> extends Size {
  readonly name: Name;
  readonly [declared]?: { readonly kind: 'size'; readonly name: Name };
}

/**
 * An entry as the module has it, whose type has its name, its outputs by name (`Given`, what it was declared with), and the
 * inputs that it reads, where they were listed.
 */
export interface EntryHandle<out Name extends string = string, out Given = EntryOptions, out Reads = Unlisted>
  extends ModuleEntry {
  readonly name: Name;
  readonly [declared]?: {
    readonly kind: 'entry';
    readonly name: Name;
    readonly given: Given;
    readonly reads: Reads;
  };
}

/** What is known of inputs that were not listed: any names. */
export type Unlisted = Named<'input', string, Dtype>;

/** What is known of the inputs in a list; a tensor whose type has no name may be any. */
export type Listed<Inputs extends readonly Tensor[]> = Inputs extends readonly []
  ? never
  : ListedOne<Inputs[number]>;

type ListedOne<T> = InfoOf<T> extends Named<'input', string, Dtype> ? InfoOf<T> : Unlisted;

/**
 * What is known of a module by what its function returns: an object of handles, by whatever names, or a list of them, or such
 * objects and lists within one: `{ entries: { train, predict }, lr }`. Of a kind
 * of which nothing is returned any name is taken. States and run-time scalars are open always, since layers and optimizers
 * declare some besides.
 */
export type SignatureOf<Returned> = [InfoIn<Returned>] extends [never]
  ? AnySignature
  : SignatureBy<InfoIn<Returned>>;

interface Named<Kind extends string, Name extends string, D extends Dtype> {
  readonly kind: Kind;
  readonly name: Name;
  readonly dtype: D;
}

/** What a handle is of; never of what is none. */
type InfoOf<Handle> = Handle extends { readonly [declared]?: infer Info }
  ? unknown extends Info
    ? never
    : NonNullable<Info>
  : never;

type InfoIn<Returned> = InfoWithin<Member<Returned>>;

/** What a value is of, or each of its members: of each that is one itself. */
type Member<Returned> = Returned extends readonly (infer Handle)[]
  ? Handle
  : [InfoOf<Returned>] extends [never]
    ? Returned[keyof Returned]
    : Returned;

type InfoWithin<Value> = Value extends Tensor | ((...given: never) => unknown)
  ? InfoOf<Value>
  : Value extends object
    ? InfoOf<Member<Value>>
    : never;

type Kind<Info, K extends string> = Extract<Info, { readonly kind: K }>;

type SignatureBy<Info> = {
  readonly entries: [Kind<Info, 'entry'>] extends [never]
    ? AnySignature['entries']
    : EntriesBy<Kind<Info, 'entry'>>;
  readonly inputs: [Kind<Info, 'input'>] extends [never]
    ? ReadByEntries<Kind<Info, 'entry'>>
    : DtypesBy<Kind<Info, 'input'> | NamedOnly<ReadBy<Kind<Info, 'entry'>>>>;
  readonly states: DtypesBy<Kind<Info, 'state'>> & AnySignature['states'];
  readonly params: DtypesBy<Kind<Info, 'param'>> & AnySignature['params'];
  readonly sizes: [Kind<Info, 'size'>] extends [never] ? string : NameOf<Kind<Info, 'size'>>;
};

type EntriesBy<Info> = {
  readonly [Entry in Info as NameOf<Entry>]: {
    readonly inputs: NameOf<ReadBy<Entry>>;
    readonly outputs: OutputsBy<GivenTo<Entry>>;
  };
};

/** A tensor's shape is not in its type, so nobody knows here whether it has axes. */
type OutputsBy<Given> = {
  readonly [Name in keyof Given as Name extends 'updates' ? never : Name]: {
    readonly dtype: NonNullable<Given[Name]> extends Tensor<infer D> ? D : never;
    readonly scalar: boolean;
  };
};

/** Inputs that entries list: of an entry that lists none they may be any, and so may those of the module. */
type ReadByEntries<Info> = [Info] extends [never] ? AnySignature['inputs'] : DtypesBy<ReadBy<Info>>;

type DtypesBy<Info> = { readonly [One in Info as NameOf<One>]: DtypeOf<One> };

type NameOf<Info> = Info extends { readonly name: infer Name extends string } ? Name : never;
type DtypeOf<T> = T extends { readonly dtype: infer D extends Dtype } ? D : never;
type GivenTo<Info> = Info extends { readonly given: infer Given } ? Given : never;
type ReadBy<Info> = Info extends { readonly reads: infer Reads } ? Reads : never;
type NamedOnly<Info> = Info extends { readonly name: infer Name }
  ? string extends Name
    ? never
    : Info
  : never;
