/** Whether a file, as `plainPath` gives it, is of this library. */
export const isOwn = (path: string): boolean => isLibrary(path, import.meta.url);

/**
 * Whether a file is of this library, by where this file is: of its folders, or, where a bundler put it into another file, any
 * script beside that one, which may be a chunk of it. What is not a script there is the user's: a document, or a text that
 * was evaluated under a name of its own (`//# sourceURL=model.ts`). Source maps turn lines of the build (`dist`) into lines of the
 * sources beside it (`src`), whether those are there or not.
 *
 * @param path as `plainPath` gives it
 * @param here the address of this file, `import.meta.url`; a classic script has none, and then all is taken for the library's
 */
export function isLibrary(path: string, here: string | undefined): boolean {
  if (here === undefined) return true;
  const own = plainPath(here);
  const folder = /^(.*\/)graph\/libraryFiles\.[cm]?[jt]s$/.exec(own)?.[1];
  if (folder === undefined) {
    const isBeside = path.startsWith(own.slice(0, own.lastIndexOf('/') + 1));
    const isScript = path === own || (isBeside && /\.[cm]?[jt]s$/.test(path));
    return isScript || path.includes('/node_modules/');
  }
  const root = /^(.*\/)(?:dist|src)\/$/.exec(folder)?.[1];
  const folders = root === undefined ? [folder] : [`${root}dist/`, `${root}src/`];
  return folders.some((one) => path.startsWith(one));
}

/** A path or URL without `file://` and the escapes of URLs, with forward slashes and without a query. */
export function plainPath(path: string): string {
  const plain = path
    .replace(/^file:\/\/\/?(?=[A-Za-z]:)|^file:\/\//, '')
    .replaceAll('\\', '/')
    .replace(/[?#].*$/, '');
  return path.startsWith('file:') ? unescaped(plain) : plain;
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // No URL, but a path with a percent sign in it.
    return path;
  }
}
