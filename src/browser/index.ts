/** What only pages can do: files that are fetched, chosen or dropped, images, and stores. */
export { readCsv, readIdx, readNpy, readNpz, streamCsv, streamIdx, streamNpy } from './dataFiles.ts';
export { type FetchOptions, type FetchProgress, type FileLike, fileSource } from './fetch.ts';
export { imageFolder, readImage } from './images.ts';
export { indexedDbStore } from './indexedDbStore.ts';
export { loadMnist } from './mnist.ts';
export { openUrl } from './openUrl.ts';
export { opfsStore } from './opfsStore.ts';
