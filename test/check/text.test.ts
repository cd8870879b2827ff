import { expect, test } from 'vitest';
import { sideBySide } from '../../src/check/sideBySide.ts';
import { sideBySideText } from '../../src/check/text.ts';
import { defineModule } from '../../src/index.ts';
import { plain } from '../../src/inspect/paint.ts';
import { entriesOf, evaluatorRunner, usual, withElement } from './evaluatorRunner.ts';

const module = defineModule('scores', (m) => {
  const x = m.input('x', { shape: [2, 3] });
  const w = m.state('w', { shape: [3, 2] });
  const score = x.matmul(w.add(1)).named('score');
  m.entry('train', {
    best: score.argmax(1),
    updates: [{ state: w, next: w.add(score.mean().square().neg().log()) }],
  });
});

test('a comparison reads as a table, followed by where targets part and where a NaN begins', async () => {
  const runners = [
    evaluatorRunner((_, value) => value),
    evaluatorRunner((node, value, { step }) =>
      node.label === 'score' && step === 1 ? withElement(value, 3, () => 8) : value,
    ),
  ];
  const found = await sideBySide(module, runners, { ...usual, entries: entriesOf(module) });
  expect(sideBySideText(found, plain)).toMatchInlineSnapshot(`
    "scores: 3 steps of train, seed 0, tolerance 1e-5

      target     on                    steps  of allowed  where                              result
      reference  plain loops, float64      3
      spoiled    the evaluator             3  0                                              ok
      spoiled    the evaluator             3  ∞           output best[1] in step 1 of train  DIFFERS

    spoiled differs in step 1 of train; the first node that is wrong for its operands is
      score = contract(x, %4)  at text.test.ts:11
      element [1, 1] is 8, the reference has 0.22074753046035767; they may be 5.5e-6 apart
      it is computed by dispatch 0 (score)
      (found with the values of all nodes stored: each is computed nearly alone)

    NaN in state w in step 1 of train, by the reference too; first at
      %12 = log(%11)  at text.test.ts:14
      its value, NaN, is log(-0.21967840194702148)
    "
  `);
});
