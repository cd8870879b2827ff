/** What the examples on digits share: their options, training, and a last line with a score. */
import { compile, type Module, type Session, type Values } from 'sinter';
import { type Digits, loadMnist } from 'sinter/node';
import { type CommonOptions, commandLine } from './commandLine.ts';

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

interface Options extends CommonOptions {
  readonly epochs: number;
  readonly lr: number;
  /** Digits to train on, and to test on, at most. */
  readonly digits: number;
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
  const begin = performance.now();
  await session.fit({
    data: inputs(data.train),
    epochs,
    // A run-time scalar: it changes from step to step, the program does not.
    params: { lr: (step) => lr * (1 - (step - 1) / all) },
    // A line an epoch, also where there is no terminal.
    progress: true,
    signals: true,
  });
  console.log(`trained in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  console.log(await score(session, data.test));
  session.dispose();
}

/** The first digits, as many as there are at most. */
function firstOf({ count, images, labels }: Digits, most: number): Digits {
  const kept = Math.min(count, most);
  const pixels = images.length / count;
  return { count: kept, images: images.slice(0, pixels * kept), labels: labels.slice(0, kept) };
}

/** The options of the command line; undefined where only help was asked for. */
function optionsOf({ about, epochs, lr }: Task): Options | undefined {
  return commandLine(about, {
    epochs: { value: epochs, about: 'passes over the digits' },
    digits: {
      value: 60000,
      about: 'train and test on the first N digits only, of 60000 and 10000, for a quick try',
    },
    lr: {
      value: lr,
      about: 'learning rate of the first step; it falls evenly to that of the last, 0',
      holds: (n) => n > 0,
      says: 'a number above 0',
    },
  });
}

/** Pictures of 28 × 28 pixels, 0 to 1, as lines of text, side by side. */
export function pictures(pixels: ArrayLike<number>): string {
  const count = pixels.length / 784;
  const shades = ' .:-=+*#%@';
  const shade = (x: number): string => shades[Math.round(Math.min(Math.max(x, 0), 1) * 9)] ?? ' ';
  // A character is twice as high as wide: every second row of pixels.
  const row = (picture: number, y: number): string =>
    Array.from({ length: 28 }, (_, x) => shade(pixels[784 * picture + 28 * y + x] ?? 0)).join('');
  const line = (_: unknown, y: number): string =>
    Array.from({ length: count }, (_picture, k) => row(k, 2 * y))
      .join(' ')
      .trimEnd();
  return Array.from({ length: 14 }, line).join('\n');
}
