import { defineModule, einsum, iota, nn, optim, random, type Tensor } from 'sinter';

const TOKENS = 32; // how far it looks back
const WIDTH = 48;
const HEADS = 4;
const BLOCKS = 1; // try 2: it takes longer, and writes better

/** A small transformer: learns what comes next in this project's pages, and writes as it learns. */
export const model = defineModule('char-gpt', (m) => {
  const batch = m.size('batch', { max: 32 });
  const x = m.input('x', { shape: [batch, TOKENS], dtype: 'u8' }); // characters
  const y = m.input('y', { shape: [batch, TOKENS], dtype: 'u8' }); // the one after each

  const init = nn.init.normal(0, 0.05);
  const characters = nn.embedding(128, WIDTH, { name: 'characters', init });
  const isBefore = iota(m, [TOKENS, TOKENS], 1).le(iota(m, [TOKENS, TOKENS], 0));
  const looks: Tensor[] = [];

  // Each head looks back at the characters whose keys fit its query, and takes their values.
  const attention = (h: Tensor, name: string): Tensor => {
    const heads = (part: string): Tensor =>
      nn
        .dense(h, WIDTH, { name: `${name}.${part}`, bias: false })
        .reshape([batch, TOKENS, HEADS, WIDTH / HEADS]);
    const fits = einsum('bqhd,bkhd->bhqk', heads('query'), heads('key')).div(Math.sqrt(WIDTH / HEADS));
    const look = isBefore.where(fits, -1e9).softmax(-1);
    looks.push(look);
    const taken = einsum('bhqk,bkhd->bqhd', look, heads('value')).reshape([batch, TOKENS, WIDTH]);
    return nn.dense(taken, WIDTH, { name: `${name}.output` });
  };
  const norm = (h: Tensor, name: string): Tensor => nn.layerNorm(h, { name });

  let h: Tensor = nn.positions(characters(x.cast('i32')), TOKENS, WIDTH, { name: 'positions', init });
  for (let k = 1; k <= BLOCKS; k++) {
    h = h.add(attention(norm(h, `norm${k}a`), `attention${k}`));
    const up = nn.dense(norm(h, `norm${k}b`), 4 * WIDTH, { activation: 'gelu', name: `up${k}` });
    h = h.add(nn.dense(up, WIDTH, { name: `down${k}` }));
  }
  const logits = characters.attend(norm(h, 'norm')); // [batch, TOKENS, 128]

  const loss = nn.crossEntropy(logits, y.cast('i32'));
  m.entry('train', { loss, updates: optim.adamw({ lr: 4e-3 }).minimize(loss, { clipGlobalNorm: 1 }) });

  // The character after the one at `last`, as likely as the network takes it for: Gumbel's numbers make an argmax a draw.
  const last = m.input('last', { shape: [1], dtype: 'i32' });
  const temperature = m.param('temperature', { initial: 0.7 });
  const gumbel = random.uniform(m, [128], { low: 1e-7 }).log().neg().log().neg();
  m.entry('next', { character: logits.take(last, 1).div(temperature).add(gumbel).argmax(-1) });

  m.entry('look', { attention: looks[0] ?? logits }); // what each head looks at, row by row
});
