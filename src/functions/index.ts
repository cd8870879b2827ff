export * from './interpret.ts';
export * from './language.ts';
export * from './table.ts';
