import { useSignal, useSignalEffect } from '@preact/signals';
import type { Selection } from '../../panels/selection.ts';
import { Tabs, tabPanel } from '../../panels/tabs.tsx';
import type { Desk } from './desk.ts';
import { Guarded } from './guarded.tsx';
import { Header } from './header.tsx';
import { Looking } from './looking.tsx';
import { ModelCard } from './modelCard.tsx';
import { Notices } from './notices.tsx';
import type { Player } from './player.ts';
import { TrainButton, Trainer } from './trainer.tsx';

const parts = [
  { id: 'model', title: 'Model' },
  { id: 'train', title: 'Train' },
  { id: 'look', title: 'Look' },
];

/** The page. Wide, it shows all of its parts; narrow, one, with tabs at the thumb. */
export function Playground({ desk, player }: { readonly desk: Desk; readonly player: Player }) {
  const isNarrow = useSignal(narrow.matches);
  const part = useSignal('train');
  const selection = useSignal<Selection | undefined>(undefined);
  useSignalEffect(() => {
    const changed = (): void => {
      isNarrow.value = narrow.matches;
    };
    narrow.addEventListener('change', changed);
    return () => narrow.removeEventListener('change', changed);
  });
  const attributes = (id: string) => {
    if (!isNarrow.value) return { class: `part part-${id}` };
    if (part.value !== id) return { class: `part part-${id}`, hidden: true };
    return { class: `part part-${id}`, ...tabPanel('part', id) };
  };
  return (
    <div class={`playground ${isNarrow.value ? 'narrow' : 'wide'}`}>
      <Header desk={desk} />
      <Notices player={player} />
      <main>
        <div {...attributes('model')}>
          <Guarded name="The model">
            <ModelCard desk={desk} player={player} selection={selection} />
          </Guarded>
        </div>
        <div {...attributes('train')}>
          <Guarded name="The training">
            <Trainer desk={desk} player={player} />
          </Guarded>
        </div>
        <div {...attributes('look')}>
          <Looking player={player} selection={selection} />
        </div>
      </main>
      {isNarrow.value && (
        <nav class="thumb" aria-label="Parts of the page">
          <Tabs
            name="part"
            label="Parts of the page"
            tabs={parts.map((one) =>
              one.id === 'model' && player.problem.value !== undefined ? { ...one, title: 'Model !' } : one,
            )}
            chosen={part.value}
            choose={(id) => {
              part.value = id;
            }}
          />
          {part.value !== 'train' && <TrainButton player={player} />}
        </nav>
      )}
      <Heard player={player} />
    </div>
  );
}

const narrow = matchMedia('(max-width: 47.99rem)');

/** What begins and ends, for those who do not see it. Numbers that change ten times a second are left to be looked up. */
function Heard({ player }: { readonly player: Player }) {
  const opened = player.opened.value;
  const state = player.running.value ? 'Training.' : opened === undefined ? '' : 'Paused.';
  const where = opened === undefined ? '' : opened.target === 'webgpu' ? 'On WebGPU.' : 'On WebAssembly.';
  return (
    <p class="visually-hidden" role="status">
      {player.progress.value === undefined ? `${state} ${where}` : `${player.progress.value.doing}.`}
    </p>
  );
}
