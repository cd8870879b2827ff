export * from './contraction.ts';
export * from './dtype.ts';
export * from './expr.ts';
export * from './loop.ts';
export * from './monoid.ts';
export * from './scalar.ts';
export * from './size.ts';
