import { defineModule, nn, optim, random } from 'sinter';

/** Squeezes digits into two numbers and back: a plane on which every point is a digit (Kingma and Welling 2014). */
export const model = defineModule('vae', (m) => {
  const batch = m.size('batch', { max: 128 });
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
  const pixels = x.cast('f32').div(255);

  const encoder = nn.sequential([nn.dense(128, { activation: 'relu' }), nn.dense(4)], { name: 'encoder' });
  const decoder = nn.sequential([nn.dense(128, { activation: 'relu' }), nn.dense(784)], { name: 'decoder' });

  // A digit is not a point but a cloud: its middle, and the logarithm of its spread.
  const [mean = pixels, logVariance = pixels] = encoder(pixels).chunk(2, 1);
  const code = mean.add(logVariance.mul(0.5).exp().mul(random.normal(m, mean.shape)));

  // How well it comes back, and how far its cloud is from the middle of the plane. Try apart.mul(4).
  const back = nn.bceWithLogits(decoder(code), pixels, { reduction: 'none' }).sum(1);
  const apart = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).sum(1).mul(0.5);
  const loss = back.add(apart).mean();
  m.entry('train', { loss, updates: optim.adam({ lr: 2e-3 }).minimize(loss) });

  m.entry('encode', { mean }); // where a digit lies on the plane
  const point = m.input('point', { shape: [batch, 2] });
  m.entry('decode', { pixels: decoder(point).sigmoid() }); // which digit a point is
});
