/** A part of a line: words, or code. */
export interface Span {
  readonly kind: 'text' | 'code';
  readonly text: string;
}

/** What documentation is made of. */
export type Block =
  | { readonly kind: 'paragraph'; readonly spans: readonly Span[] }
  | { readonly kind: 'list'; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: 'code'; readonly text: string };

/** A piece of documentation as TypeScript gives it: its links and names of parameters have kinds of their own. */
export interface DocumentationPart {
  readonly kind: string;
  readonly text: string;
}

/**
 * Documentation in the markup that TSDoc has: paragraphs, lists, code in lines and in fences (CommonMark), and `{@link name}`, which
 * is code. What else stands there is text, stars and angle brackets too: formulas are full of them.
 */
export function blocksOf(parts: readonly DocumentationPart[]): Block[] {
  const blocks: Block[] = [];
  const lines = markdownOf(parts).split('\n');
  let open: { isList: boolean; texts: string[] } | undefined;
  const close = (): void => {
    const spans = (open?.texts ?? []).map(spansOf);
    if (open?.isList) blocks.push({ kind: 'list', items: spans });
    else if (open !== undefined) blocks.push({ kind: 'paragraph', spans: spans.flat() });
    open = undefined;
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const [, fence] = /^\s*(`{3,}|~{3,})[^`]*$/.exec(line) ?? [];
    const [, item] = /^\s*[-*] +(.*)$/.exec(line) ?? [];
    if (fence !== undefined) {
      close();
      const end = lines.findIndex((other, at) => at > i && isEnd(other.trim(), fence));
      const last = end < 0 ? lines.length : end;
      blocks.push({ kind: 'code', text: lines.slice(i + 1, last).join('\n') });
      i = last;
    } else if (line.trim() === '') {
      close();
    } else if (item !== undefined) {
      if (!open?.isList) close();
      open ??= { isList: true, texts: [] };
      open.texts.push(item);
    } else {
      open ??= { isList: false, texts: [''] };
      const before = open.texts.pop() ?? '';
      open.texts.push(before === '' ? line.trim() : `${before} ${line.trim()}`);
    }
  }
  close();
  return blocks;
}

/** Whether a line ends what a fence began: it is that fence, or a longer one, alone. */
function isEnd(line: string, fence: string): boolean {
  return line.startsWith(fence) && line.replaceAll(fence.charAt(0), '') === '';
}

/** The text of documentation, in which what is linked, and parameters, are code. */
function markdownOf(parts: readonly DocumentationPart[]): string {
  return parts
    .map(({ kind, text }, i) => {
      switch (kind) {
        // The braces of a link.
        case 'link':
          return '';
        case 'linkName':
          // A link may have a text of its own.
          return parts[i + 1]?.kind === 'linkText' ? '' : `\`${text}\``;
        case 'linkText':
          return /^\S+\s*$/.test(text) && parts[i - 1]?.kind !== 'linkName' ? `\`${text.trim()}\`` : text;
        case 'parameterName':
          return `\`${text}\``;
        default:
          return text;
      }
    })
    .join('');
}

/** A line in parts: as many backticks as began code end it; those that nothing ends are text. (CommonMark 0.31, 6.1) */
function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  const add = (kind: Span['kind'], text: string): void => {
    if (text !== '') spans.push({ kind, text });
  };
  for (const { 0: ticks, index } of text.matchAll(/`+/g)) {
    if (index < from) continue;
    const inside = index + ticks.length;
    const end = [...text.slice(inside).matchAll(/`+/g)].find(({ 0: found }) => found === ticks)?.index;
    if (end === undefined) continue;
    add('text', text.slice(from, index));
    const code = text.slice(inside, inside + end);
    // One space on either side is there to keep backticks apart.
    add('code', /^ .*[^ ].* $/.test(code) ? code.slice(1, -1) : code);
    from = inside + end + ticks.length;
  }
  add('text', text.slice(from));
  return spans;
}
