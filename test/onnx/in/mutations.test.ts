import { expect, test } from 'vitest';
import { encodeModel, fromOnnx, OnnxError } from '../../../src/onnx/index.ts';
import { corpus } from './corpus.ts';
import { fileOf, modelOf } from './files.ts';
import { mutated, mutatedModel, numbersFrom } from './mutate.ts';

/** What is thrown for a file, by its code; other errors are thrown again. */
function outcome(bytes: Uint8Array): string {
  try {
    fromOnnx(bytes);
    return 'imported';
  } catch (thrown) {
    if (thrown instanceof OnnxError) return thrown.code;
    throw thrown;
  }
}

test('files of which bytes were changed are imported, or refused with what is wrong', () => {
  const files = corpus.map(fileOf);
  const random = numbersFrom(1);
  const found = new Set<string>();
  for (let k = 0; k < 2000; k++)
    found.add(outcome(mutated(files[k % files.length] ?? new Uint8Array(0), files, random)));
  expect(found).toContain('truncated');
  expect(found).toContain('imported');
});

test('so are models of which operators, names, numbers and shapes were changed', () => {
  const models = corpus.map(modelOf);
  const random = numbersFrom(2);
  const found = new Set<string>();
  for (let k = 0; k < 1000; k++) {
    const [model = models[0]] = [models[k % models.length]];
    if (model !== undefined) found.add(outcome(encodeModel(mutatedModel(model, models, random))));
  }
  for (const code of ['node', 'unsupported', 'cycle', 'undefined-value', 'element-type', 'opset'])
    expect(found).toContain(code);
});
