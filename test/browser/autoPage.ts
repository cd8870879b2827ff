import { compile } from '../../src/index.ts';
import { model } from './model.ts';
import { post } from './post.ts';
import { SEED, training } from './training.ts';

// Runs in a browser with the whole compiler: compiles for what is at hand, and trains.
await post(async () => {
  const program = await compile(model);
  const session = await program.start({ seed: SEED });
  const found = await training(session);
  session.dispose();
  return { target: program.target, ...found };
});
