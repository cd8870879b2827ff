import type { ReadonlySignal } from '@preact/signals';
import type { Selection } from '../../panels/selection.ts';
import { Editor } from '../editor/editor.tsx';
import type { Desk } from './desk.ts';
import type { Player } from './player.ts';

/** The model's text, what is wrong with it, and what to do with it. */
export function ModelCard(props: {
  readonly desk: Desk;
  readonly player: Player;
  /** What is picked of what the compiler made, where that is shown. */
  readonly selection: ReadonlySignal<Selection | undefined>;
}) {
  const { desk, player, selection } = props;
  return (
    <div class="model card">
      <header>
        <div>
          <h2>{desk.example.value.title}</h2>
          <p class="about soft">{desk.example.value.about}</p>
        </div>
      </header>
      {desk.waiting.value !== undefined && <Waits desk={desk} why={desk.waiting.value} />}
      <Editor desk={desk} player={player} selection={selection} />
      <Said desk={desk} player={player} />
      <div class="model-buttons">
        <button type="button" class="button" onClick={() => desk.run()}>
          Run <kbd>Ctrl Enter</kbd>
        </button>
        <button type="button" class="button" disabled={!desk.isEdited.value} onClick={() => desk.reset()}>
          Reset to the example
        </button>
      </div>
    </div>
  );
}

/** A model is a program: what others wrote, or what brought the page down, runs when a person says so. */
function Waits({ desk, why }: { readonly desk: Desk; readonly why: 'link' | 'went down' }) {
  return (
    <div class="waits" role="alert">
      <p>
        {why === 'link'
          ? 'This model came with the link. It is a program: read it, then run it if you trust who sent it.'
          : 'The page ended while it opened this model. Mend it, or run it again.'}
      </p>
      <button type="button" class="button primary" onClick={() => desk.run()}>
        Run this model
      </button>
      <button type="button" class="button" onClick={() => desk.reset()}>
        Open the example
      </button>
    </div>
  );
}

/** What the compiler says of the text: read out as it comes. */
function Said({ desk, player }: { readonly desk: Desk; readonly player: Player }) {
  const problem = player.problem.value;
  const isCompiling = player.progress.value !== undefined;
  return (
    <div class="said" role="status" aria-live="polite">
      {problem !== undefined && (
        <p class="problem">
          {problem.line !== undefined && <b>Line {problem.line}: </b>}
          {problem.message}
          {desk.isStale.value && player.opened.value !== undefined && (
            <span class="soft"> What runs is the model before this edit.</span>
          )}
        </p>
      )}
      {problem === undefined && isCompiling && <p class="soft">{player.progress.value?.doing} …</p>}
      {problem === undefined && !isCompiling && player.opened.value !== undefined && !desk.isStale.value && (
        <p class="good">Compiled.</p>
      )}
      {problem === undefined && !isCompiling && desk.isStale.value && (
        <p class="soft">Edited: it is compiled as you stop typing.</p>
      )}
    </div>
  );
}
