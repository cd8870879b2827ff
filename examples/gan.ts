/**
 * Trains two networks against each other on the real MNIST (Goodfellow et al. 2014): one draws digits out of noise, the other tells
 * them from real ones. Both take their step in one entry.
 *
 *     npx tsx examples/gan.ts
 *
 * On WebAssembly (two shared cores) it takes 64 s; the critic then takes real digits for real by 80 %, drawn ones by 10 %.
 */
import { defineModule, nn, optim, random, type Tensor } from 'sinter';
import { runExample } from './commandLine.ts';
import { pictures, run } from './digits.ts';

const NOISE = 64;
const DRAWN = 5;

export const gan = defineModule('gan', (m) => {
  const batch = m.size('batch', { max: 128 });
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
  const real = x.cast('f32').div(127.5).sub(1);

  const leaky = (h: Tensor): Tensor => nn.leakyRelu(h, 0.2);
  const artist = nn.sequential(
    [nn.dense(128), leaky, nn.dense(256), leaky, nn.dense(784, { activation: 'tanh' })],
    { name: 'artist' },
  );
  const critic = nn.sequential([nn.dense(256), leaky, nn.dense(128), leaky, nn.dense(1)], { name: 'critic' });

  const drawn = artist(random.normal(m, [batch, NOISE]));
  const [ofReal, ofDrawn] = [critic(real), critic(drawn)];
  const is = (logits: Tensor, truth: number): Tensor => nn.bceWithLogits(logits, logits.fullLike(truth));
  const criticLoss = is(ofReal, 0.9).add(is(critic(drawn.detach()), 0));
  const artistLoss = is(ofDrawn, 1);
  const options = { lr: m.param('lr', { initial: 3e-4 }), b1: 0.5 };
  m.entry('train', {
    loss: artistLoss,
    criticLoss,
    updates: [
      ...optim.adam({ ...options, name: 'critics' }).minimize(criticLoss, { wrt: critic }),
      ...optim.adam({ ...options, name: 'artists' }).minimize(artistLoss, { wrt: artist }),
    ],
  });
  m.entry('evaluate', { real: ofReal.sigmoid().mean(), drawn: ofDrawn.sigmoid().mean() });
  m.entry('draw', {
    pixels: artist(random.normal(m, [DRAWN, NOISE]))
      .add(1)
      .div(2),
  });
});

await runExample(import.meta.url, () =>
  run({
    about: 'Trains a network that draws digits against one that tells them from real ones.',
    module: gan,
    batch: 128,
    epochs: 12,
    lr: 3e-4,
    inputs: ({ images }) => ({ x: images }),
    score: async (session, test) => {
      const { scalars } = await session.evaluate('evaluate', { data: { x: test.images } });
      const { pixels } = await session.run('draw', {});
      const percent = (share = Number.NaN): string => `${(100 * share).toFixed(0)} %`;
      const { real, drawn } = scalars;
      return `${pictures(pixels?.data ?? [])}\nthe critic takes real digits for real by ${percent(real)}, drawn ones by ${percent(drawn)}`;
    },
  }),
);
