import type { Diagnostic } from '@codemirror/lint';
import {
  createSystem,
  createVirtualTypeScriptEnvironment,
  type VirtualTypeScriptEnvironment,
} from '@typescript/vfs';
import { getAutocompletion, getHover } from '@valtown/codemirror-ts/worker';
import ts from 'typescript';
import { blocksOf } from './documentation.ts';
import type { Hover, Told, TypesAnswers, TypesAsk, TypesReply, TypesRequest } from './typesProtocol.ts';

const PATH = '/model.ts';

/** Of the browser, what a model may want: its whole library would be larger than TypeScript's other ones together. */
const browser = `
declare const console: Readonly<Record<'log' | 'info' | 'warn' | 'error' | 'debug', (...values: unknown[]) => void>>;
declare const performance: { now(): number };
declare function structuredClone<T>(value: T): T;
`;

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  types: [],
  paths: { sinter: ['/sinter/index.d.ts'], 'sinter/*': ['/sinter/*/index.d.ts'] },
};

let environment: VirtualTypeScriptEnvironment | undefined;
let text = ' ';

addEventListener('message', async ({ data: { id, ask } }: MessageEvent<TypesRequest>) => {
  const reply: TypesReply = { id, answer: await answerTo(ask) };
  postMessage(reply);
});

async function answerTo(ask: TypesAsk): Promise<TypesAnswers[keyof TypesAnswers]> {
  switch (ask.kind) {
    case 'files': {
      const files = new Map(Object.entries(ask.files));
      files.set('/browser.d.ts', browser);
      files.set(PATH, text);
      environment = createVirtualTypeScriptEnvironment(
        createSystem(files),
        [PATH, '/browser.d.ts'],
        ts,
        options,
      );
      return undefined;
    }
    case 'text':
      // An empty file is no file to the virtual system.
      text = ask.text === '' ? ' ' : ask.text;
      environment?.updateFile(PATH, text);
      return undefined;
    case 'diagnostics':
      return environment === undefined ? [] : diagnosticsOf(environment);
    case 'completion':
      if (environment === undefined) return null;
      return getAutocompletion({ env: environment, path: PATH, context: ask });
    case 'details':
      return environment === undefined ? undefined : detailsOf(environment, ask);
    case 'hover':
      return environment === undefined ? undefined : hoverOf(environment, ask.pos);
  }
  return ask satisfies never;
}

function diagnosticsOf({ languageService }: VirtualTypeScriptEnvironment): Diagnostic[] {
  return [
    ...languageService.getSyntacticDiagnostics(PATH),
    ...languageService.getSemanticDiagnostics(PATH),
  ].flatMap(({ start, length, messageText, category, code }) => {
    if (start === undefined) return [];
    return {
      from: start,
      to: start + (length ?? 0),
      message: ts.flattenDiagnosticMessageText(messageText, '\n'),
      severity: category === ts.DiagnosticCategory.Error ? 'error' : 'warning',
      source: `TypeScript ${code}`,
    };
  });
}

function detailsOf(
  { languageService }: VirtualTypeScriptEnvironment,
  { pos, name }: Extract<TypesAsk, { kind: 'details' }>,
): Told | undefined {
  const details = languageService.getCompletionEntryDetails(
    PATH,
    pos,
    name,
    undefined,
    undefined,
    undefined,
    undefined,
  );
  return details === undefined ? undefined : told(details);
}

function told({
  displayParts: parts = [],
  documentation = [],
  tags = [],
}: Pick<ts.QuickInfo, 'displayParts' | 'documentation' | 'tags'>): Told {
  return {
    parts: parts.map(({ text, kind }) => ({ text, kind })),
    documentation: blocksOf(documentation),
    tags: tags.flatMap(({ name, text = [] }) => (text.length === 0 ? [] : [{ name, about: blocksOf(text) }])),
  };
}

function hoverOf(env: VirtualTypeScriptEnvironment, pos: number): Hover | undefined {
  const info = getHover({ env, path: PATH, pos });
  if (info?.quickInfo === undefined) return undefined;
  return { from: info.start, to: info.end, ...told(info.quickInfo) };
}
