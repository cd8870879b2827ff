import { beforeAll, expect, test } from 'vitest';
import { compile } from '../../src/index.ts';
import { start, type WasmProgram } from '../../src/runtime/wasm/index.ts';
import { type Bundle, bundle } from './bundle.ts';
import { isolation, visit } from './chromium.ts';
import { model } from './model.ts';
import { SEED, type Training, training } from './training.ts';

/** A program as a server has it. */
let json: string;
/** What training it with two seeds leaves in Node. */
let expected: readonly Training[];
let page: Bundle;

beforeAll(async () => {
  json = JSON.stringify((await compile(model, { target: 'wasm' })).program);
  page = await bundle('runtimePage.ts');
  expected = [await trainingInNode(SEED), await trainingInNode(SEED + 1)];
});

async function trainingInNode(seed: number): Promise<Training> {
  const program: WasmProgram = JSON.parse(json);
  const session = await start(program, { seed, threads: 2 });
  try {
    return await training(session);
  } finally {
    session.dispose();
  }
}

/** A page's files, with the program beside them. */
function withProgram({ files }: Bundle): ReadonlyMap<string, string> {
  return new Map([...files, ['/program.json', json]]);
}

test('a page needs the runtime alone to run a program out of JSON', () => {
  const files = [...page.sources.values()].flat();
  const others = files.filter((file) => !/^(src\/runtime|test\/browser)\//.test(file));
  expect(files).toContain('src/runtime/wasm/start.ts');
  expect(others).toEqual([]);
});

test('a page that is cross-origin isolated trains on threads, to the same bits as Node', async ({
  signal,
}) => {
  const { result } = await visit({ files: withProgram(page), headers: isolation, webgpu: false }, signal);
  const found = expected.map((trained) => ({ threads: 2, ...trained }));
  expect(result).toEqual({ isolated: true, warnings: [], found });
});

test('a page that is not trains on one thread, which it says once, to the same bits', async ({ signal }) => {
  const { result } = await visit({ files: withProgram(page), webgpu: false }, signal);
  const found = expected.map((trained) => ({ threads: 1, ...trained }));
  const warnings = [expect.stringMatching(/^sinter runs on one thread, not 2: .*Cross-Origin-Opener-Policy/)];
  expect(result).toEqual({ isolated: false, warnings, found });
});

test.each([
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'none'",
  "worker-src 'self'",
])('an isolated page trains on one thread, which it says once, where its policy is %s', async (policy) => {
  const headers = { ...isolation, 'Content-Security-Policy': policy };
  const { result } = await visit(
    { files: withProgram(page), headers, webgpu: false },
    AbortSignal.timeout(50_000),
  );
  const found = expected.map((trained) => ({ threads: 1, ...trained }));
  const warnings = [expect.stringMatching(/^sinter runs on one thread, not 2: .*allow worker-src blob:/)];
  expect(result).toEqual({ isolated: true, warnings, found });
});

test('a page needs no more of its policy for threads than WebAssembly and workers of blobs', async ({
  signal,
}) => {
  // The inline script of the document tells failures alone.
  const policy =
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src 'self'; worker-src blob:";
  const headers = { ...isolation, 'Content-Security-Policy': policy };
  const { result } = await visit({ files: withProgram(page), headers, webgpu: false }, signal);
  const found = expected.map((trained) => ({ threads: 2, ...trained }));
  expect(result).toEqual({ isolated: true, warnings: [], found });
});

test('sessions of a page have threads of their own, which end when it is disposed of', async ({ signal }) => {
  const sessions = await bundle('sessionsPage.ts');
  const { result } = await visit({ files: withProgram(sessions), headers: isolation, webgpu: false }, signal);
  expect(result).toEqual({
    together: [expected[0], expected[0]],
    ended: expect.stringMatching(/^SessionError: the session is disposed/),
    // Two for each session, and one that asks whether the page's policy allows any.
    workers: 5,
  });
});
