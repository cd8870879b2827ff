import { printable } from './printable.ts';

/**
 * The user's files that build a graph: nodes name them shortly, `model.ts`, and here are their paths. Of two files of one name the
 * second is named with its folder, `encoder/model.ts`, as far up as tells them apart.
 */
export class SourceFiles {
  readonly #names = new Map<string, string>();
  readonly #paths = new Map<string, string>();

  /** Paths by the names that nodes have for them, in the order in which they came. */
  get paths(): ReadonlyMap<string, string> {
    return this.#paths;
  }

  /** What nodes call a file. @param path with forward slashes */
  nameOf(path: string): string {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    let start = path.lastIndexOf('/') + 1;
    while (start > 0 && this.#paths.has(printable(path.slice(start))))
      start = path.lastIndexOf('/', start - 2) + 1;
    const name = printable(path.slice(start));
    this.#names.set(path, name);
    this.#paths.set(name, path);
    return name;
  }
}
