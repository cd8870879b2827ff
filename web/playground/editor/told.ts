import type { Block, Span } from './documentation.ts';
import type { Told } from './typesProtocol.ts';

/** What is known of a name, drawn: its type, and its documentation. All of it is text to the page, whatever markup stands in it. */
export function toldElement({ parts, documentation, tags }: Told): HTMLElement {
  const element = document.createElement('div');
  element.className = 'type-hover';
  const type = element.appendChild(document.createElement('code'));
  for (const { text, kind } of parts) type.append(worded('span', text, `type-${kind}`));
  element.append(...documentation.map(blockElement));
  if (tags.length === 0) return element;
  const list = element.appendChild(document.createElement('dl'));
  for (const { name, about } of tags) {
    list.append(worded('dt', name));
    list.appendChild(document.createElement('dd')).append(...about.map(blockElement));
  }
  return element;
}

function blockElement(block: Block): HTMLElement {
  switch (block.kind) {
    case 'paragraph':
      return spanned('p', block.spans);
    case 'list': {
      const list = document.createElement('ul');
      list.append(...block.items.map((spans) => spanned('li', spans)));
      return list;
    }
    case 'code': {
      const code = document.createElement('pre');
      code.append(worded('code', block.text));
      return code;
    }
  }
  return block satisfies never;
}

function spanned(tag: 'p' | 'li', spans: readonly Span[]): HTMLElement {
  const element = document.createElement(tag);
  element.append(...spans.map(({ kind, text }) => (kind === 'code' ? worded('code', text) : text)));
  return element;
}

function worded(tag: 'span' | 'code' | 'dt', text: string, className = ''): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className !== '') element.className = className;
  return element;
}
