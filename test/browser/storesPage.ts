import { indexedDbStore, openUrl, opfsStore } from '../../src/browser/index.ts';
import { loadWeights, type Store, withMetadata, writeSafetensors } from '../../src/weights/index.ts';
import { heldStates } from '../weights/heldStates.ts';
import { post } from './post.ts';

/** What comes of each call of a store, in order. */
async function used(store: Store): Promise<unknown> {
  const bytes = withMetadata(
    writeSafetensors(new Map([['a', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }]])),
    {},
  );
  const numbers = async (name: string): Promise<number[] | undefined> => {
    const found = await store.read(name);
    return found && [...found.subarray(-3)];
  };
  const seen: unknown[] = [await store.list(), await store.read('a')];
  await store.remove('a');
  await store.write('b', Uint8Array.of(9, 8, 7, 6));
  await store.write('a', bytes);
  seen.push(await store.list(), await numbers('a'), await numbers('b'));
  await store.write('b', Uint8Array.of(5));
  const changed = Uint8Array.from(bytes);
  changed[changed.length - 1] = 0;
  await store.write('c', changed);
  seen.push(await numbers('b'), await store.read('c').catch((error: Error) => error.message.slice(0, 24)));
  await store.remove('b');
  seen.push(await store.list(), await store.write('x/y', bytes).catch((error: Error) => error.name));
  return seen;
}

/** A state out of a file of the server. */
async function loaded(url: string): Promise<unknown> {
  const session = heldStates({ a: 'f32[4]' });
  await loadWeights(session, await openUrl(url));
  return session.values.a;
}

await post(async () => ({
  opfs: await used(opfsStore('checkpoints')),
  indexedDb: await used(indexedDbStore('checkpoints')),
  url: await loaded('/weights.safetensors'),
  absent: await openUrl('/absent').catch((error: Error) => error.message),
}));
