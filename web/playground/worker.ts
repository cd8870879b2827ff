import { Playground } from './playground.ts';
import type { Ask, Tell } from './protocol.ts';
import { Shelf } from './shelf.ts';

// The worker of the playground's page: compiles and trains, so that the page stays free.

const tell = (tell: Tell): void => self.postMessage(tell);

// Its script lies in a folder of the site, beside that of the data.
const data = new URL('../data/', self.location.href);

const playground = new Playground(
  tell,
  new Shelf(data, (doing, part) =>
    tell(part === undefined ? { kind: 'progress', doing } : { kind: 'progress', doing, part }),
  ),
);

self.addEventListener('message', ({ data: ask }: MessageEvent<Ask>) => playground.ask(ask));
