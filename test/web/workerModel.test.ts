import { describe, expect, test } from 'vitest';
import { evaluateModel, thrown } from '../../web/playground/evaluate.ts';
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

  // In the forms that the engines write: SpiderMonkey's FormatSpiderMonkeyStackFrame (js/src/vm/SavedStacks.cpp), with an `async*` where
  // an awaited function goes on and names such as `model<` and `run</<` for functions without one (NameFunctions.cpp), and JavaScriptCore's
  // StackFrame::toString (runtime/StackFrame.cpp), whose built-in functions stand at `[native code]`. Chromium's is also run, by
  // playground.test.ts.
  test.each([
    [
      'Chromium',
      'RangeError: too much\n    at f (model.ts:3:9)\n    at run (model.ts:5:1)\n    at exportsOf (https://example.org/assets/worker-1a.js:7:2191)',
    ],
    [
      'Firefox',
      'f@model.ts:3:9\nrun@model.ts:5:1\nexportsOf@https://example.org/assets/worker-1a.js:7:2191\nasync*evaluateModel@https://example.org/assets/worker-1a.js:7:1490\n',
    ],
    [
      'Firefox, within callbacks of the library',
      'defineModule@https://example.org/assets/worker-1a.js:3:880\nmodel<@model.ts:3:9\nrun</<@model.ts:5:1\n',
    ],
    [
      'Safari',
      'f@model.ts:3:18\n@model.ts:5:2\nmap@[native code]\nasyncFunctionResume@[native code]\nexportsOf@https://example.org/assets/worker-1a.js:7:2191',
    ],
  ])('that throws in %s is told with its innermost line', (_, stack) => {
    const cause = Object.assign(new RangeError('too much'), { stack });
    expect(thrown(cause)).toMatchObject({ message: 'RangeError: too much', line: 3 });
  });

  test('that throws what has no line of its own is told without one', () => {
    const stack = 'f@https://example.org/assets/model.ts.js:3:9\nmap@[native code]\n';
    expect(thrown(Object.assign(new TypeError('broken'), { stack })).line).toBeUndefined();
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
