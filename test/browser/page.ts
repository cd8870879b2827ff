import { compile } from '../../src/index.ts';
import { data, model } from './model.ts';

// Runs in a browser: compiles for the adapter at hand, trains, and posts what came of it.
async function train(): Promise<{ target: string; losses: number[] }> {
  const program = await compile(model);
  const session = await program.start({ seed: 4 });
  const losses: number[] = [];
  for await (const { loss } of session.train({ data, epochs: 5, shuffle: true })) losses.push(loss);
  session.dispose();
  return { target: program.target, losses };
}

const result = await train().catch((error: unknown) => ({ error: String(error) }));
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
