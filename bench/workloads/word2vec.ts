import { defineModule, type Module, nn, optim, type Tensor } from '../../src/index.ts';

const WORDS = 10_000;
const WIDTH = 128;
const WRONG = 5;

/**
 * W8: word2vec by skip-grams with negative samples (Mikolov et al. 2013): two tables of 10,000 words, 128 wide, one
 * right word and five wrong ones for each; SGD 0.5, batch 128.
 */
export const w8: Module = defineModule('w8', (m) => {
  const batch = m.size('batch', { max: 128 });
  const word = m.input('word', { shape: [batch], dtype: 'i32' });
  const right = m.input('right', { shape: [batch], dtype: 'i32' });
  const wrong = m.input('wrong', { shape: [batch, WRONG], dtype: 'i32' });
  const table = (name: string): Tensor =>
    m.state(name, { shape: [WORDS, WIDTH], init: nn.init.normal(0, 0.1) });
  const words = table('words').take(word);
  const contexts = table('contexts');
  const near = words.mul(contexts.take(right)).sum(-1);
  const far = words.expandDims(1).mul(contexts.take(wrong)).sum(-1);
  const loss = nn.softplus(near.neg()).add(nn.softplus(far).sum(-1)).mean();
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.5 }).minimize(loss) });
  m.entry('predict', { context: words.matmul(contexts.transpose()).argmax(1) });
});
