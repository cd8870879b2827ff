/** What the examples on digits share: their options, training with a progress bar, and a last line with a score. */
import { parseArgs } from 'node:util';
import { compile, type Module, type Session, type TargetName, targetNames, type Values } from 'sinter';
import { type Digits, loadMnist } from 'sinter/node';
import { progressBar } from './progressBar.ts';

/** A model of digits and how it is trained. */
export interface Task {
  /** One sentence, for `--help`. */
  readonly about: string;
  readonly module: Module;
  readonly batch: number;
  /** Passes over the digits, and the learning rate of the first step, unless asked for others. */
  readonly epochs: number;
  readonly lr: number;
  /** The inputs of the entry `train` out of digits. */
  readonly inputs: (digits: Digits) => Readonly<Record<string, Values>>;
  /** What training came to, on digits that it has not seen. */
  readonly score: (session: Session, test: Digits) => Promise<string>;
}

interface Options {
  readonly epochs: number;
  readonly lr: number;
  readonly seed: number;
  /** Digits to train on, and to test on, at most. */
  readonly digits: number;
  readonly target: 'auto' | TargetName;
  readonly threads?: number;
}

/** Runs a task as the command line asks for it; says what is wrong, and exits with 1, where something is. */
export async function run(task: Task): Promise<void> {
  try {
    const options = optionsOf(task);
    if (options !== undefined) await train(task, options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

/** How many of the test digits an entry `predict`, which gives a `label`, reads. */
export async function accuracy(session: Session, test: Digits): Promise<string> {
  const { outputs } = await session.evaluate('predict', { data: { x: test.images } });
  const right = outputs.label?.data.filter((label, k) => label === test.labels[k]).length ?? 0;
  return `test accuracy: ${((100 * right) / test.count).toFixed(2)} %`;
}

async function train(task: Task, { epochs, lr, seed, digits, target, ...threads }: Options): Promise<void> {
  const { module, batch, inputs, score } = task;
  const mnist = await loadMnist();
  const data = { train: firstOf(mnist.train, digits), test: firstOf(mnist.test, digits) };
  const program = await compile(module, { target });
  console.log(program.summary());
  const session = await program.start({ seed, ...threads });

  const all = epochs * Math.ceil(data.train.count / batch);
  const dispatches = program.entry('train').dispatches.length;
  const bar = progressBar(process.stdout);
  const start = performance.now();
  let begin = start;
  const line = (epoch: number, loss: number, steps: number): string => {
    const speed = rateText((1000 * steps) / (performance.now() - begin));
    return `epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}  ${speed} steps/s  ${dispatches} dispatches a step`;
  };
  const passes = session.train({
    data: inputs(data.train),
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
  console.log(`trained in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  console.log(await score(session, data.test));
  session.dispose();
}

/** The first digits, as many as there are at most. */
function firstOf({ count, images, labels }: Digits, most: number): Digits {
  const kept = Math.min(count, most);
  const pixels = images.length / count;
  return { count: kept, images: images.slice(0, pixels * kept), labels: labels.slice(0, kept) };
}

/** Steps a second: a software adapter takes seconds for one. */
function rateText(rate: number): string {
  return rate < 10 ? rate.toPrecision(2) : rate.toFixed(0);
}

/** The options of the command line; undefined where only help was asked for. */
function optionsOf({ about, epochs, lr }: Task): Options | undefined {
  const { values } = parseArgs({
    options: {
      epochs: { type: 'string', default: String(epochs) },
      lr: { type: 'string', default: String(lr) },
      seed: { type: 'string', default: '1' },
      digits: { type: 'string', default: '60000' },
      target: { type: 'string', default: 'auto' },
      threads: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${about}

  --epochs N    passes over the digits (${epochs})
  --digits N    train and test on the first N digits only, for a quick try (60000, and 10000 to test on)
  --lr RATE     learning rate of the first step; it falls evenly to that of the last, 0 (${lr})
  --seed N      of first values and the order of the digits (1)
  --target T    auto (a GPU, else WebAssembly), ${targetNames.join(', ')} (auto)
  --threads N   of WebAssembly (as many as there are cores)
`);
    return undefined;
  }
  const isWhole = (n: number): boolean => Number.isInteger(n) && n > 0;
  return {
    epochs: number('epochs', values.epochs, isWhole),
    lr: number('lr', values.lr, (n) => n > 0),
    seed: number('seed', values.seed, Number.isInteger),
    digits: number('digits', values.digits, isWhole),
    target: targetOf(values.target),
    ...(values.threads === undefined ? {} : { threads: number('threads', values.threads, isWhole) }),
  };
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
