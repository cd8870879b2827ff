import { defineModule, type Module, nn, optim, stack, type Tensor, zeros } from '../../src/index.ts';

const STEPS = 32;
const VOCABULARY = 65;
const WIDTH = 128;

/**
 * W7: a recurrent network of characters with long short-term memory (Hochreiter and Schmidhuber 1997): vocabulary 65,
 * embedding and state 128 wide, 32 steps unrolled, whose inputs are multiplied all at once; Adam 1e-3 with
 * gradients clipped to the norm 1, batch 16.
 */
export const w7: Module = defineModule('w7', (m) => {
  const batch = m.size('batch', { max: 16 });
  const x = m.input('x', { shape: [batch, STEPS], dtype: 'i32' });
  const y = m.input('y', { shape: [batch, STEPS], dtype: 'i32' });
  const token = m.state('token', { shape: [VOCABULARY, WIDTH], init: nn.init.normal() });
  const inputs = nn.dense(token.take(x), 4 * WIDTH, { name: 'input' });
  const recurrent = m.state('recurrent.weight', { shape: [WIDTH, 4 * WIDTH], init: nn.init.glorotUniform() });
  let h = zeros(m, [batch, WIDTH]);
  let cell = h;
  const states: Tensor[] = [];
  for (let step = 0; step < STEPS; step++) {
    const own = inputs.slice([0, step], [undefined, step + 1]).squeeze(1);
    const gates = own.add(h.matmul(recurrent));
    const part = (k: number): Tensor => gates.slice([0, k * WIDTH], [undefined, (k + 1) * WIDTH]);
    const [input, forget, candidate, output] = [part(0), part(1), part(2), part(3)];
    cell = forget.sigmoid().mul(cell).add(input.sigmoid().mul(candidate.tanh()));
    h = output.sigmoid().mul(cell.tanh());
    states.push(h);
  }
  const logits = nn.dense(stack(states, 1), VOCABULARY, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  const updates = optim.adam({ lr: 1e-3 }).minimize(loss, { clipGlobalNorm: 1 });
  m.entry('train', { loss, updates });
  m.entry('predict', { label: logits.argmax(-1) });
});
