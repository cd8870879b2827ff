/**
 * Trains a variational autoencoder on the real MNIST (Kingma and Welling 2014), and draws digits that nobody wrote. Its noise is
 * drawn on the device, other noise at each step.
 *
 *     npx tsx examples/vae.ts
 *
 * On WebAssembly (two shared cores, other work beside) it takes a minute and a half, to a bound of 107.5 nats a digit.
 */
import { defineModule, nn, optim, random } from 'sinter';
import { runExample } from './commandLine.ts';
import { pictures, run } from './digits.ts';

const CODE = 16;
const DRAWN = 5;

export const vae = defineModule('vae', (m) => {
  const batch = m.size('batch', { max: 128 });
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
  const pixels = x.cast('f32').div(255);

  const encoder = nn.sequential([nn.dense(400, { activation: 'relu' }), nn.dense(2 * CODE)], {
    name: 'encoder',
  });
  const decoder = nn.sequential([nn.dense(400, { activation: 'relu' }), nn.dense(784)], { name: 'decoder' });

  const [mean = pixels, logVariance = pixels] = encoder(pixels).chunk(2, 1);
  const code = mean.add(logVariance.mul(0.5).exp().mul(random.normal(m, mean.shape)));
  const logits = decoder(code);

  // The evidence lower bound of each digit: how well it comes back, and how far its code is from a normal one.
  const back = nn.bceWithLogits(logits, pixels, { reduction: 'none' }).sum(1);
  const apart = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).sum(1).mul(0.5);
  const loss = back.add(apart).mean();
  m.entry('train', { loss, updates: optim.adam({ lr: 2e-3 }).minimize(loss) });
  m.entry('evaluate', { bound: loss });
  m.entry('draw', { pixels: decoder(random.normal(m, [DRAWN, CODE])).sigmoid() });
});

await runExample(import.meta.url, () =>
  run({
    about: 'Trains a variational autoencoder on MNIST, and draws digits.',
    module: vae,
    batch: 128,
    epochs: 6,
    lr: 2e-3,
    inputs: ({ images }) => ({ x: images }),
    score: async (session, test) => {
      const { scalars } = await session.evaluate('evaluate', { data: { x: test.images } });
      const { pixels } = await session.run('draw', {});
      return `${pictures(pixels?.data ?? [])}\nbound of a test digit: ${scalars.bound?.toFixed(1)} nats`;
    },
  }),
);
