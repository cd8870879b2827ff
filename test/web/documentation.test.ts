import { expect, test } from 'vitest';
import { blocksOf } from '../../web/playground/editor/documentation.ts';

const words = (text: string) => ({ kind: 'text', text }) as const;
const code = (text: string) => ({ kind: 'code', text }) as const;

/** Blocks of a text without links. */
const blocks = (text: string) => blocksOf([words(text)]);

test('documentation is paragraphs of text, in which code stands between backticks', () => {
  expect(blocks('The product `a · b`\n of two.\n\nSee ``a ` b`` and `` ` ``.')).toEqual([
    { kind: 'paragraph', spans: [words('The product '), code('a · b'), words(' of two.')] },
    { kind: 'paragraph', spans: [words('See '), code('a ` b'), words(' and '), code('`'), words('.')] },
  ]);
});

test('what is linked is code, or the text of its link, and parameters are code', () => {
  const link = (name: string, text?: string) => [
    { kind: 'link', text: '{@link ' },
    { kind: 'linkName', text: name },
    ...(text === undefined ? [] : [{ kind: 'linkText', text }]),
    { kind: 'link', text: '}' },
  ];
  const parts = [
    { kind: 'parameterName', text: 'x' },
    { kind: 'space', text: ' ' },
    words('as of '),
    ...link('nn.conv1d'),
    words(', see '),
    ...link('Tensor.min', 'the smallest'),
    words(' at '),
    { kind: 'link', text: '{@link ' },
    { kind: 'linkText', text: 'https://example.org ' },
    { kind: 'link', text: '}' },
  ];
  expect(blocksOf(parts)).toEqual([
    {
      kind: 'paragraph',
      spans: [
        code('x'),
        words(' as of '),
        code('nn.conv1d'),
        words(', see the smallest at '),
        code('https://example.org'),
      ],
    },
  ]);
});

test('code in fences keeps its lines, to its end or to that of the text', () => {
  expect(blocks('So:\n```ts\nconst a = 1;\n\n  f(a);\n```\nand\n~~~\n```\n')).toEqual([
    { kind: 'paragraph', spans: [words('So:')] },
    { kind: 'code', text: 'const a = 1;\n\n  f(a);' },
    { kind: 'paragraph', spans: [words('and')] },
    { kind: 'code', text: '```\n' },
  ]);
});

test('items stand in a list, each with the lines that go on from it', () => {
  expect(blocks('Either\n- `a`, which\n  is long\n- b\n\nor not')).toEqual([
    { kind: 'paragraph', spans: [words('Either')] },
    { kind: 'list', items: [[code('a'), words(', which is long')], [words('b')]] },
    { kind: 'paragraph', spans: [words('or not')] },
  ]);
});

test('all else is text: formulas, markup, and backticks that nothing ends', () => {
  for (const text of ['a * b * c, and _d_', '<img src=x onerror="f()"> & **so**', 'a ` b', '``a`'])
    expect(blocks(text)).toEqual([{ kind: 'paragraph', spans: [words(text)] }]);
  expect(blocks('')).toEqual([]);
});
