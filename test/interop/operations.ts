import { along } from './along.ts';
import { type Build, elementwise } from './elementwise.ts';
import { networks } from './networks.ts';

/** PyTorch's operations, by its names, and what each is here. */
export const operations: Readonly<Record<string, Build>> = { ...elementwise, ...along, ...networks };
