import { compile } from '../../src/index.ts';
import { model } from './model.ts';
import { post } from './post.ts';
import { SEED, training } from './training.ts';

// Runs in a browser with the whole compiler: compiles for WebGPU, and trains. Where an adapter is software, WebGPU
// has to be asked for.
await post(async () => {
  const program = await compile(model, { target: 'webgpu-software' });
  const session = await program.start({ seed: SEED });
  const found = await training(session);
  session.dispose();
  return { target: program.target, ...found };
});
