/** Names of one function or module, each given once. */
export class Names {
  readonly #taken = new Set<string>();
  /** The number that was tried last, by wish: a thousand layers of one name take a thousand steps. */
  readonly #last = new Map<string, number>();

  /** A name that nobody has: what was wished for, or with a number behind it. */
  fresh(wish: string): string {
    let name = wish;
    while (this.#taken.has(name)) {
      const next = (this.#last.get(wish) ?? 1) + 1;
      this.#last.set(wish, next);
      name = `${wish}_${next}`;
    }
    this.#taken.add(name);
    return name;
  }
}

/** A text as an identifier of MLIR (letters, digits, `_`, `$` and `.`): what is anything else becomes `_`. */
export function identifier(text: string): string {
  const safe = text.replaceAll(/[^A-Za-z0-9_$.]/gu, '_');
  return /^[A-Za-z_]/.test(safe) ? safe : `_${safe}`;
}

/** A text in the quotes of MLIR: all but plain ASCII stands as `\HH`. */
export function quotedText(text: string): string {
  let out = '"';
  for (const byte of new TextEncoder().encode(text)) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    out += isPlain ? String.fromCharCode(byte) : `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return `${out}"`;
}
