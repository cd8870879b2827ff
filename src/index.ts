export * from './graph/index.ts';
export * as nn from './nn/index.ts';
export * as optim from './optim/index.ts';
