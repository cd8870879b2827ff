/**
 * Trains a perceptron on the real MNIST, and says how many of the 10,000 test digits it then reads.
 *
 *     npm run mnist
 *     npm run mnist -- --epochs 10 --seed 7
 */
import { parseArgs } from 'node:util';
import { compile, type TargetName, targetNames } from 'sinter';
import { loadMnist, type Mnist } from 'sinter/node';
import { mnist } from './model.ts';
import { progressBar } from './progressBar.ts';

const HELP = `Trains a perceptron on MNIST.

  --epochs N    passes over the 60,000 digits (6)
  --lr RATE     learning rate of the first step; it falls evenly to that of the last, 0 (0.7)
  --seed N      of first values and the order of the digits (1)
  --target T    auto (a GPU, else WebAssembly), ${targetNames.join(', ')} (auto)
  --threads N   of WebAssembly (as many as there are cores)
`;
const BATCH = 128;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      epochs: { type: 'string', default: '6' },
      lr: { type: 'string', default: '0.7' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string', default: 'auto' },
      threads: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const epochs = number('epochs', values.epochs, (n) => Number.isInteger(n) && n > 0);
  const lr = number('lr', values.lr, (n) => n > 0);
  const seed = number('seed', values.seed, Number.isInteger);
  const threads =
    values.threads === undefined
      ? {}
      : { threads: number('threads', values.threads, (n) => Number.isInteger(n) && n > 0) };
  await train(await loadMnist(), { epochs, lr, seed, target: targetOf(values.target), ...threads });
}

interface Options {
  readonly epochs: number;
  readonly lr: number;
  readonly seed: number;
  readonly target: 'auto' | TargetName;
  readonly threads?: number;
}

async function train(data: Mnist, { epochs, lr, seed, target, ...threads }: Options): Promise<void> {
  const program = await compile(mnist, { target });
  console.log(program.summary());
  const session = await program.start({ seed, ...threads });

  const all = epochs * Math.ceil(data.train.count / BATCH);
  const dispatches = program.entry('train').dispatches.length;
  const bar = progressBar(process.stdout);
  let begin = performance.now();
  const line = (epoch: number, loss: number, steps: number): string => {
    const speed = ((1000 * steps) / (performance.now() - begin)).toFixed(0);
    return `epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}  ${speed} steps/s  ${dispatches} dispatches a step`;
  };
  const passes = session.train({
    data: { x: data.train.images, y: data.train.labels },
    epochs,
    shuffle: true,
    // A run-time scalar: it changes from step to step, the program does not.
    params: { lr: (step) => lr * (1 - (step - 1) / all) },
    onProgress: ({ epoch, step, steps, loss }) => bar.update(step / steps, line(epoch, loss, step)),
  });
  for await (const { epoch, loss, steps } of passes) {
    bar.finish(line(epoch, loss, steps));
    begin = performance.now();
  }

  const { outputs } = await session.evaluate('predict', { data: { x: data.test.images } });
  const right = outputs.label?.data.filter((label, k) => label === data.test.labels[k]).length ?? 0;
  console.log(`test accuracy: ${((100 * right) / data.test.count).toFixed(2)} %`);
  session.dispose();
}

function number(name: string, text: string, fits: (n: number) => boolean): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || !fits(value))
    throw new RangeError(`--${name} ${JSON.stringify(text)} does not fit; see --help`);
  return value;
}

function targetOf(text: string): 'auto' | TargetName {
  const found = (['auto', ...targetNames] as const).find((name) => name === text);
  if (found === undefined) throw new RangeError(`--target ${JSON.stringify(text)} is not there; see --help`);
  return found;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
