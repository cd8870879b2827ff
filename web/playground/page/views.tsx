import type { View } from '../protocol.ts';
import { percentText } from './figures.ts';
import { ImagesView } from './images.tsx';
import { PointsView } from './points.tsx';

/** What is to be seen of a network, each under its title. */
export function Views({ views }: { readonly views: readonly View[] }) {
  return (
    <div class="views">
      {views.map((view) => (
        <section key={view.title} class={`view card view-${view.kind}`}>
          <h3>{view.title}</h3>
          <Drawn view={view} />
        </section>
      ))}
    </div>
  );
}

function Drawn({ view }: { readonly view: View }) {
  switch (view.kind) {
    case 'images':
      return <ImagesView view={view} />;
    case 'points':
      return <PointsView view={view} />;
    case 'text':
      return <p class="written">{view.text}</p>;
    case 'bars':
      return <Bars view={view} />;
    default:
      return view satisfies never;
  }
}

/** How likely each answer is: bars from 0 to 1, the likeliest marked. */
export function Bars({ view }: { readonly view: Extract<View, { kind: 'bars' }> }) {
  const most = Math.max(...view.bars.map(({ value }) => value));
  return (
    <ol class="answer-list">
      {view.bars.map(({ label, value }) => (
        <li key={label} class={value === most ? 'most' : ''}>
          <span>{label}</span>
          <span class="answer-bar" aria-hidden="true">
            <i class="answer-fill" style={{ inlineSize: `${100 * Math.min(1, Math.max(0, value))}%` }} />
          </span>
          <span class="answer-value">{percentText(value)}</span>
        </li>
      ))}
    </ol>
  );
}
