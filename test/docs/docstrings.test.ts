import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const source = new URL('../../src/', import.meta.url);

function textsUnder(folder: string): string[] {
  const files = readdirSync(new URL(folder, source), { recursive: true }).map(String);
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(`${folder}/${file}`, source), 'utf8'));
}

/** The docstring right before a line; undefined where there is none. */
function docBefore(lines: readonly string[], at: number): string | undefined {
  if (!lines[at - 1]?.trimEnd().endsWith('*/')) return undefined;
  const start = lines.slice(0, at).findLastIndex((line) => line.includes('/**'));
  return start < 0 ? undefined : lines.slice(start, at).join('\n');
}

/** Whether a docstring has a block of code, or a call of the method among what it quotes. */
function hasExample(name: string, doc: string): boolean {
  if (doc.includes('```ts')) return true;
  const call = new RegExp(`\\b${name}\\(`);
  return [...doc.matchAll(/`([^`]+)`/g)].some(([, quoted = '']) => call.test(quoted));
}

describe('docstrings', () => {
  it('of methods of tensors say what they are, with an example', () => {
    const texts = [...textsUnder('graph/tensor'), readFileSync(new URL('graph/tensor.ts', source), 'utf8')];
    const methods = texts.flatMap((text) => {
      const lines = text.split('\n');
      return lines.flatMap((line, k) => {
        const [, name] = /^ {2}(\w+)(?:<.*?>)?\(.*[^;]$/.exec(line) ?? [];
        if (name === undefined || name === 'constructor') return [];
        // That of all forms of a method stands before the first.
        const forms = lines.slice(0, k).findLastIndex((other) => !other.startsWith(`  ${name}`));
        return [{ name, doc: docBefore(lines, forms + 1) ?? '' }];
      });
    });
    expect(methods.length).toBeGreaterThan(120);
    const lacking = methods.filter(({ name, doc }) => !hasExample(name, doc));
    expect(lacking.map(({ name }) => name)).toEqual([]);
  });

  it('of options say what each is', () => {
    const texts = ['graph', 'nn', 'optim', 'random', 'metrics', 'augment'].flatMap(textsUnder);
    const options = texts.flatMap((text) =>
      [...text.matchAll(/export interface (\w*Options)\b[^{]*\{\n([\s\S]*?)\n\}/g)].flatMap(
        ([, owner, body = '']) => {
          const lines = body.split('\n');
          return lines.flatMap((line, k) => {
            const [, name] = /^ {2}readonly (\w+)\??:/.exec(line) ?? [];
            return name === undefined ? [] : [{ name: `${owner}.${name}`, doc: docBefore(lines, k) }];
          });
        },
      ),
    );
    expect(options.length).toBeGreaterThan(100);
    expect(options.filter(({ doc }) => doc === undefined).map(({ name }) => name)).toEqual([]);
  });
});
