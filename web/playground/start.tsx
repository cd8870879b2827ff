import { render } from 'preact';
import '../panels/theme.css';
import '../panels/shell.css';
import { examples } from './examples/list.ts';
import { Desk } from './page/desk.ts';
import { draftsIn, ownStorage } from './page/drafts.ts';
import { watchTheme } from './page/palette.ts';
import { Player } from './page/player.ts';
import { Playground } from './page/playground.tsx';
import { visitsOf } from './page/visits.ts';
import './page/playground.css';

/** Draws the page, and opens what its address names. */
export async function start(): Promise<void> {
  const player = new Player(() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
  const drafts = draftsIn(ownStorage('localStorage'), ownStorage('sessionStorage'));
  const visits = visitsOf(history);
  const desk = new Desk(examples, player, drafts, visits);

  watchTheme();
  const root = document.querySelector('#page');
  if (root !== null) render(<Playground desk={desk} player={player} />, root);

  setInterval(() => player.tick(), 1000);
  addEventListener('pagehide', () => player.close());
  // A page that comes back out of the browser's memory comes without its worker.
  addEventListener('pageshow', (event) => {
    if (event.persisted) player.reopen();
  });
  // Back and forward come to entries that were noted, a link that is pasted makes one that was not: browsers tell of some by both events.
  addEventListener('popstate', () => {
    if (visits.current !== undefined) void desk.begin(location.hash);
  });
  addEventListener('hashchange', () => {
    if (visits.current === undefined) void desk.begin(location.hash);
  });
  await desk.begin(location.hash);
}
