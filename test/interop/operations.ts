import { along } from './along.ts';
import { type Build, elementwise } from './elementwise.ts';
import { networks } from './networks.ts';

const all: Readonly<Record<string, Build>> = { ...elementwise, ...along, ...networks };

/** Those that are asked for by the variable, apart by commas; all where it is not set. */
const asked = process.env.SINTER_OPERATIONS?.split(',') ?? Object.keys(all);

/** PyTorch's operations, by its names, and what each is here. */
export const operations: Readonly<Record<string, Build>> = Object.fromEntries(
  Object.entries(all).filter(([name]) => asked.includes(name)),
);
