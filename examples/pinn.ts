/**
 * Solves the heat equation by a physics-informed network (Raissi, Perdikaris and Karniadakis 2019): the loss is how far a
 * network's derivatives are from the equation, so that its gradient is a third derivative.
 *
 *     npx tsx examples/pinn.ts
 *
 * On WebAssembly (two shared cores, other work beside) it takes 3 s, and is at most 0.02 off a solution from 0 to 1.
 */
import { compile, defineModule, gradients, nn, optim, type Tensor } from 'sinter';
import { commandLine, runExample } from './commandLine.ts';

/** u_t = DIFFUSION u_xx for t and x from 0 to 1, with u = sin(πx) at the start and 0 at both ends. */
const DIFFUSION = 0.3;
const POINTS = 256;

export const pinn = defineModule('pinn', (m) => {
  const batch = m.size('batch', { max: POINTS });
  const points = m.input('points', { shape: [batch, 2] }); // t and x
  const net = nn.sequential(
    [
      nn.dense(32, { activation: 'tanh' }),
      nn.dense(32, { activation: 'tanh' }),
      nn.dense(32, { activation: 'tanh' }),
      nn.dense(1),
    ],
    { name: 'net' },
  );
  const [t, x] = [points.select(1, 0), points.select(1, 1)];
  // Whatever the network says, this is right at the start and at both ends.
  const u = x
    .mul(Math.PI)
    .sin()
    .add(t.mul(x).mul(x.neg().add(1)).mul(net(points).squeeze(1)));

  const slopes = slopesOf(u, points);
  const [ut, ux] = [slopes.select(1, 0), slopes.select(1, 1)];
  const uxx = slopesOf(ux, points).select(1, 1);
  const loss = ut.sub(uxx.mul(DIFFUSION)).square().mean();
  m.entry('train', { loss, updates: optim.adam({ lr: 2e-3 }).minimize(loss) });

  const exact = x
    .mul(Math.PI)
    .sin()
    .mul(t.mul(-DIFFUSION * Math.PI ** 2).exp());
  m.entry('evaluate', { error: u.sub(exact).abs() });
});

/** Each row's derivatives: rows do not depend on one another, so those of the sum are those of each. */
function slopesOf(y: Tensor, points: Tensor): Tensor {
  const [found = points] = gradients(y.sum(), [points]);
  return found;
}

await runExample(import.meta.url, async () => {
  const options = commandLine('Solves the heat equation by a physics-informed network.', {
    epochs: { value: 40, about: 'passes over the points' },
    points: { value: 16384, about: 'points that the equation is asked to hold at' },
  });
  if (options === undefined) return;
  const { target, seed, epochs, points: count, ...rest } = options;
  const program = await compile(pinn, { target });
  console.log(program.summary());
  const session = await program.start({ seed, ...rest });
  const start = performance.now();
  // Evenly spread, and in no order: multiples of two irrational numbers, without their whole parts.
  const points = Float32Array.from(
    { length: 2 * count },
    (_, k) => ((k >> 1) * (k % 2 ? 0.5698 : 0.7549) + seed / 7) % 1,
  );
  const falls = (step: number): number => 2e-3 * 0.01 ** (step / (epochs * Math.ceil(count / POINTS)));
  const passes = session.train({ data: { points }, epochs, shuffle: true, params: { lr: falls } });
  for await (const { epoch, loss } of passes)
    if (epoch % 5 === 0) console.log(`epoch ${epoch}/${epochs}  loss ${loss.toExponential(2)}`);
  const { outputs } = await session.evaluate('evaluate', { data: { points } });
  const largest = Math.max(...Array.from(outputs.error?.data ?? [Number.NaN]));
  console.log(`trained in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  console.log(`largest error: ${largest.toExponential(2)}, of a solution from 0 to 1`);
  session.dispose();
});
