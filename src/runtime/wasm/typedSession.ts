import type { AnySignature, Signature } from '../signature.ts';
import type { Session } from '../typedSession.ts';
import type { WasmSession as WasmPlayer } from './start.ts';

/** A session on the processor. */
export interface WasmSession<S extends Signature = AnySignature>
  extends Session<S>,
    Pick<WasmPlayer, 'threads'> {}
