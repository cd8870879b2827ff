import { describe, expect, test } from 'vitest';
import { evaluateModel } from '../../web/playground/evaluate.ts';
import { ModelError } from '../../web/playground/modelError.ts';

const MODEL = `import { defineModule, nn, optim } from 'sinter';

interface Widths { readonly hidden: number }
const widths: Widths = { hidden: 8 };

export const model = defineModule('small', (m) => {
  const x = m.input('x', { shape: [4, 3] });
  const loss = nn.mse(nn.dense(x, widths.hidden).sum(1), x.sum(1));
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
});
`;

/** What is wrong with a model: its message, and its place. */
async function fault(source: string): Promise<{ message: string; line?: number; column?: number }> {
  try {
    await evaluateModel(source);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const { message, line, column } = error;
    return { message, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
  }
  throw new Error('nothing is wrong with it');
}

describe('a model of the editor', () => {
  test('is evaluated without its types, and its nodes know their lines', async () => {
    const module = await evaluateModel(MODEL);
    expect(module.name).toBe('small');
    const lines = module.graph.nodes.map(({ source }) => source);
    expect(new Set(lines)).toEqual(new Set(['model.ts:7', 'model.ts:8', 'model.ts:9']));
  });

  test('may be exported twice, and may wait', async () => {
    const module = await evaluateModel(`${MODEL}await Promise.resolve();\nexport default model;\n`);
    expect(module.name).toBe('small');
  });

  test('that is not TypeScript is told with line and column', async () => {
    expect(await fault('const a = 1;\nconst x: number = ;\n')).toEqual({
      message: 'this is not TypeScript: unexpected token',
      line: 2,
      column: 19,
    });
    expect(await fault('const a = 1;\nconst a = 2;\n')).toEqual({
      message: "SyntaxError: Identifier 'a' has already been declared",
    });
  });

  test('that throws is told with the line that threw', async () => {
    expect(
      await fault("const a = 1;\nfunction f() {\n  throw new RangeError('too much');\n}\nf();\n"),
    ).toEqual({
      message: 'RangeError: too much',
      line: 3,
    });
    expect(await fault("throw 'a text';")).toEqual({ message: 'the model throws a text' });
  });

  test('whose shapes do not fit is told at the line that joins them', async () => {
    expect(await fault(MODEL.replace('x.sum(1));', 'x);'))).toEqual({
      message: 'sub: shapes do not broadcast: [4] and [4, 3] (4 ≠ 3)',
      line: 8,
    });
  });

  test.each([
    ['lodash', 'the model imports "lodash": models here import sinter, sinter/data, sinter/weights alone'],
    [
      'sinter/node',
      'the model imports "sinter/node", which is for programs around a model: models here import sinter, sinter/data, sinter/weights alone',
    ],
  ])('that imports %s is refused at that line', async (name, message) => {
    expect(
      await fault(`import { defineModule } from 'sinter';\nimport { x } from '${name}';\nx(defineModule);\n`),
    ).toEqual({
      message,
      line: 2,
    });
  });

  test('that exports no module, or two, is told what would be right', async () => {
    expect(await fault('export const a = 1;')).toEqual({
      message: 'the model exports no module; export what defineModule returns: export const model = …',
    });
    expect(
      await fault(
        `${MODEL}export const other = defineModule('other', (m) => { m.entry('e', { one: m.input('x', { shape: [1] }) }); });`,
      ),
    ).toEqual({
      message: 'the model exports 2 modules (small, other); export the one that is to train',
    });
  });
});
