import { autocompletion, type Completion, type CompletionSource } from '@codemirror/autocomplete';
import { linter } from '@codemirror/lint';
import type { Extension } from '@codemirror/state';
import { type EditorView, hoverTooltip, type Tooltip } from '@codemirror/view';
import { toldElement } from './told.ts';
import type { TypesAnswers, TypesAsk, TypesReply, TypesRequest } from './typesProtocol.ts';

/**
 * What an editor knows by the types of Sinter: completion, documentation under the pointer, and what TypeScript finds wrong. TypeScript
 * runs in a worker of its own; it and the declarations (1.3 MB on the way) are loaded by this call.
 */
export async function typesExtension(): Promise<Extension> {
  const { default: files } = await import('virtual:editor-types');
  const ask = questions(new Worker(new URL('./types.worker.ts', import.meta.url), { type: 'module' }));
  await ask({ kind: 'files', files });
  let sent: string | undefined;
  /** The worker takes messages in turn: what is asked after the text is asked of that text. */
  const sync = (view: EditorView | undefined): void => {
    const text = view?.state.doc.toString();
    if (text === undefined || text === sent) return;
    sent = text;
    void ask({ kind: 'text', text });
  };
  const complete: CompletionSource = async ({ pos, explicit, view }) => {
    sync(view);
    const found = await ask({ kind: 'completion', pos, explicit });
    if (found === null) return null;
    const info = async ({ label }: Completion): Promise<HTMLElement | null> => {
      const details = await ask({ kind: 'details', pos: found.from, name: label });
      return details === undefined ? null : toldElement(details);
    };
    return { ...found, options: found.options.map((option) => ({ ...option, info })) };
  };
  return [
    autocompletion({ override: [complete] }),
    linter((view) => {
      sync(view);
      return ask({ kind: 'diagnostics' });
    }),
    hoverTooltip(async (view, pos): Promise<Tooltip | null> => {
      sync(view);
      const hover = await ask({ kind: 'hover', pos });
      if (hover === undefined) return null;
      return { pos: hover.from, end: hover.to, above: true, create: () => ({ dom: toldElement(hover) }) };
    }),
  ];
}

/** A function that asks a worker and gives its answer. */
function questions(
  worker: Worker,
): <Question extends TypesAsk>(ask: Question) => Promise<TypesAnswers[Question['kind']]> {
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (reason: Error) => void }>();
  let count = 0;
  worker.addEventListener('message', ({ data }: MessageEvent<TypesReply>) => {
    // The answer has the type that its question has: both have one number.
    waiting.get(data.id)?.resolve(data.answer as never);
    waiting.delete(data.id);
  });
  worker.addEventListener('error', (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message || 'TypeScript does not load'));
    waiting.clear();
  });
  return (ask) =>
    new Promise((resolve, reject) => {
      const request: TypesRequest = { id: ++count, ask };
      waiting.set(request.id, { resolve, reject });
      worker.postMessage(request);
    });
}
