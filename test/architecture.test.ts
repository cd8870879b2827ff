import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alg, Graph } from '@dagrejs/graphlib';
import { describe, expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** What each room may import: rooms of `src` (their types too), and packages. A file at the top is a room. */
const arrows: Readonly<
  Record<string, { readonly rooms: readonly string[]; readonly packages: readonly RegExp[] }>
> = {
  loops: { rooms: [], packages: [] },
  // Functions of numbers, written once: only what prints them, or evaluates them, imports them.
  functions: { rooms: [], packages: [] },
  // What notebooks show: how HTML is written, and how an object offers it.
  notebook: { rooms: ['graph/printable.ts'], packages: [] },
  graph: {
    rooms: ['loops', 'notebook', 'grouped.ts', 'nearest.ts', 'runtime/clipped.ts', 'runtime (types)'],
    packages: [/^@dagrejs\/graphlib$/],
  },
  // Layers and optimizers are composites of primitives; optimizers differentiate.
  nn: { rooms: ['loops', 'graph', 'random', 'runtime/clipped.ts', 'runtime (types)'], packages: [] },
  random: { rooms: ['loops', 'graph'], packages: [] },
  optim: { rooms: ['loops', 'graph', 'passes/differentiate.ts'], packages: [] },
  augment: { rooms: ['loops', 'graph', 'nn', 'random'], packages: [] },
  // In the graph, and of what sessions add up: numbers by names of the runtime's errors alone.
  metrics: { rooms: ['loops', 'graph', 'nn/literal.ts', 'runtime/issues.ts'], packages: [] },
  passes: { rooms: ['loops', 'graph'], packages: [] },
  // What a target is, how a group runs on it, and which loops a group has: each knows the ones before.
  machine: { rooms: [], packages: [] },
  schedule: { rooms: ['loops', 'machine'], packages: [] },
  fuse: { rooms: ['loops', 'machine', 'schedule'], packages: [] },
  plan: { rooms: ['loops', 'schedule'], packages: [] },
  kernels: { rooms: ['loops', 'machine', 'schedule'], packages: [] },
  // Printers: neither knows the other.
  wgsl: { rooms: ['loops', 'functions', 'kernels', 'runtime'], packages: [] },
  wasm: {
    rooms: [
      'loops',
      'functions',
      'graph',
      'passes',
      'machine',
      'schedule',
      'plan',
      'kernels',
      'program',
      'runtime',
    ],
    packages: [/^watr\//],
  },
  program: {
    rooms: [
      'loops',
      'graph',
      'passes',
      'machine',
      'schedule',
      'plan',
      'kernels',
      'wgsl',
      'runtime',
      'weights/metadata.ts',
    ],
    packages: [],
  },
  // What programs are compared with shares nothing with the compiler but the graph, and random numbers.
  reference: {
    rooms: ['graph', 'loops/dtype.ts', 'loops/size.ts', 'runtime/random.ts'],
    packages: [],
  },
  // Compares what the compiler made with the reference: it may see both.
  check: {
    rooms: [
      'loops/size.ts',
      'graph',
      'reference',
      'machine',
      'compile.ts',
      'compileToWasm.ts',
      'compiled.ts',
      'inspect',
      'issues.ts',
      'node',
      'runtime',
      'train/suspect.ts',
    ],
    packages: [],
  },
  // Measures programs, and compares plans with limits, for the command line and for reports.
  profile: {
    rooms: [
      'loops',
      'graph',
      'machine',
      'program/inputBytes.ts',
      'check/draws.ts',
      'schedule/issues.ts',
      'compile.ts',
      'compileToWasm.ts',
      'compiled.ts',
      'grouped.ts',
      'inspect',
      'runtime',
    ],
    packages: [],
  },
  // A printer of the graph, for XLA; the states' first values are those of every target.
  stablehlo: {
    rooms: [
      'loops',
      'functions',
      'graph',
      'issues.ts',
      'program/firstStates.ts',
      'program/indexRange.ts',
      'runtime',
    ],
    packages: [],
  },
  // What a compilation made, as data and as text: it may see every level.
  inspect: {
    rooms: [
      'loops',
      'graph',
      'notebook',
      'grouped.ts',
      'machine',
      'schedule',
      'fuse',
      'plan',
      'kernels',
      'wgsl',
      'wasm',
      'program',
      'runtime',
      'passes/flops.ts',
      'profile/roofline.ts',
      'profile (types)',
      'compile.ts',
      'compileToWasm.ts',
      'issues.ts',
      'trace.ts',
    ],
    packages: [],
  },
  // Models in files of others: modules in and out.
  onnx: {
    rooms: ['loops', 'graph', 'nn', 'functions', 'reference', 'runtime', 'weights', 'half.ts', 'issues.ts'],
    packages: [/^@bufbuild\/protobuf\/wire$/],
  },
  runtime: { rooms: [], packages: [/^node:/, /^webgpu$/] },
  // What is kept of a session, in bytes.
  weights: { rooms: ['runtime', 'half.ts'], packages: [] },
  // Streams, and files out of bytes: beside the runtime alone, in a page too.
  data: { rooms: ['runtime', 'half.ts'], packages: [/^fflate$/] },
  // What people do with a session that trains: beside the runtime alone, in a page too.
  train: {
    rooms: ['runtime', 'weights', 'notebook'],
    packages: [/^simple-ascii-chart$/, /^@bufbuild\/protobuf\/wire$/],
  },
  // What only pages can do.
  browser: { rooms: ['runtime', 'data', 'weights'], packages: [] },
  node: {
    rooms: ['runtime', 'data', 'train', 'weights', 'issues.ts'],
    packages: [/^node:/, /^webgpu$/, /^sharp$/],
  },
};

interface Import {
  readonly file: string;
  readonly to: string;
  readonly isType: boolean;
}

/** Every import and re-export of a file, static or not; not those in texts that it writes: WebAssembly, a model's file. */
function importsOf(path: string): Import[] {
  const text = readFileSync(path, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const pattern =
    /(?:(?<!`)\b(?:import|export)\s+(type\s)?[^;'"]*?\bfrom\s*|\bimport\s*\(\s*|(?<!\()\bimport\s+)['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map(([, type, to = '']) => ({
    file: relative(src, path),
    to,
    isType: type !== undefined,
  }));
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

/** The imports of a room that no arrow allows, as text. */
function trespasses(room: string): string[] {
  const allowed = arrows[room];
  if (allowed === undefined) throw new RangeError(`no arrows for ${room}`);
  return sources(join(src, room))
    .flatMap(importsOf)
    .filter(({ file, to, isType }) => {
      if (!to.startsWith('.')) return !allowed.packages.some((pattern) => pattern.test(to));
      const target = relative(src, resolve(src, dirname(file), to));
      const targetRoom = target.split('/')[0] ?? '';
      return !(
        targetRoom === room ||
        allowed.rooms.includes(targetRoom) ||
        allowed.rooms.includes(target) ||
        (isType && allowed.rooms.includes(`${targetRoom} (types)`))
      );
    })
    .map(({ file, to }) => `${file} imports ${to}`);
}

describe('imports run one way', () => {
  test.each(Object.keys(arrows))('%s imports only what its arrows allow', (room) => {
    expect(trespasses(room)).toEqual([]);
  });

  test('every folder of src has its arrows, but the command line, which may import all', () => {
    const folders = readdirSync(src, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(folders.filter((name) => name !== 'cli').sort()).toEqual(Object.keys(arrows).sort());
  });

  test('imports of Node stay in src/node, src/cli and the file of the runtime that starts threads there', () => {
    const found = sources(src)
      .flatMap(importsOf)
      .filter(({ file, to }) => to.startsWith('node:') && !/^(node|cli)\//.test(file));
    expect([...new Set(found.map(({ file }) => file))]).toEqual(['runtime/wasm/node.ts']);
  });

  test('no import of the command line from elsewhere', () => {
    const found = sources(src)
      .flatMap(importsOf)
      .filter(({ file, to }) => to.includes('/cli/') && !file.startsWith('cli/'));
    expect(found).toEqual([]);
  });
});

test('no file imports itself through others: bundlers warn of that', () => {
  const graph = new Graph();
  for (const { file, to, isType } of sources(src).flatMap(importsOf)) {
    if (!isType && to.startsWith('.')) graph.setEdge(file, join(dirname(file), to));
  }
  expect(graph.edgeCount()).toBeGreaterThan(300);
  expect(alg.findCycles(graph)).toEqual([]);
});

test('no test mocks a module: all files of tests share them', () => {
  const tests = fileURLToPath(new URL('.', import.meta.url));
  const mocking = sources(tests).filter((file) => /\bvi\.(do)?[mM]ock\(/.test(readFileSync(file, 'utf8')));
  expect(mocking).toEqual([]);
});
