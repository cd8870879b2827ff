import { Command } from 'commander';
import type { Paint } from '../inspect/paint.ts';
import { bytesText, table } from '../inspect/reportText.ts';
import { openFile } from '../node/openFile.ts';
import { CHECKSUM, Checksum, requireChecksum } from '../weights/checksum.ts';
import type { TensorPlace } from '../weights/header.ts';
import { type OpenWeights, openWeights } from '../weights/source.ts';
import {
  type Difference,
  differenceOf,
  Gathered,
  numbersOf,
  type Statistics,
} from '../weights/statistics.ts';
import { paintFor } from './paint.ts';
import type { Terminal } from './run.ts';
import { exitCodes } from './usage.ts';

/** Bytes that are read at once. */
const PIECE = 2 ** 23;

/** A tensor as it is listed; statistics are null where its type is not read. */
interface Listed {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  readonly statistics: Statistics | null;
}

/** What two files say of one name. */
interface Compared {
  readonly name: string;
  /** The only file that has it. */
  readonly only?: 'first' | 'second';
  /** Element type and shape of both, `F32 [2]`, where they differ. */
  readonly types?: readonly [first: string, second: string];
  /** By how much elements differ, where shapes do not; null where the type is not read. */
  readonly difference?: Difference | null;
}

/**
 * `sinter weights`: what a safetensors file holds, or how two differ.
 *
 * @param done is told the exit code
 */
export function weightsCommand(terminal: Terminal, done: (code: number) => void): Command {
  return new Command('weights')
    .description('list the tensors of a safetensors file, with statistics, or compare two files')
    .argument('<file>', 'a safetensors file, such as session.save() gives')
    .argument('[other]', 'another one to compare it with')
    .option('--json', 'print everything as JSON; NaN and infinities are texts')
    .addHelpText(
      'after',
      `
Tensors are compared by name: their types, their shapes, and their elements, of which two that are NaN are equal. A
file that has a checksum is checked against it, also where it is compared.

Examples:
  $ sinter weights model.safetensors
  $ sinter weights before.safetensors after.safetensors --json

Exit codes: 0, all is well, and two files are equal; 1, they differ; 2, wrong usage, or a file that is damaged;
3, a fault in sinter itself.`,
    )
    .action(async (path: string, other: string | undefined, options: { json?: boolean }) => {
      const paint = paintFor(terminal);
      const json = options.json === true;
      const print = (text: string): void => {
        terminal.stdout.write(`${text}\n`);
      };
      await opened(path, async (weights) => {
        if (other === undefined) {
          const tensors = await listed(weights);
          print(json ? jsonOf(weights, tensors) : listText(weights, tensors, paint));
          done(exitCodes.ok);
          return;
        }
        await opened(other, async (second) => {
          for (const one of [weights, second]) await check(one);
          const compared = await comparison(weights, second);
          const differing = compared.filter(differs);
          print(
            json
              ? jsonText({ files: [path, other], tensors: compared })
              : compareText(compared, differing, paint),
          );
          done(differing.length > 0 ? exitCodes.expectationFailed : exitCodes.ok);
        });
      });
    });
}

async function opened(path: string, work: (weights: OpenWeights) => Promise<void>): Promise<void> {
  const file = await openFile(path);
  try {
    await work(await openWeights(file));
  } finally {
    await file.close();
  }
}

/** Reads all tensors, a piece at a time. @throws FormatError where the file's checksum is another */
async function listed(weights: OpenWeights): Promise<readonly Listed[]> {
  const sum = new Checksum(weights);
  const tensors: Listed[] = [];
  // In the order in which they lie, as the checksum has them.
  for (const [name, place] of weights.tensors) {
    const gathered = new Gathered();
    let isRead = true;
    for await (const numbers of numbersOf(weights, place, (bytes) => sum.add(bytes))) {
      isRead &&= numbers !== undefined;
      if (numbers !== undefined) gathered.add(numbers);
    }
    const { dtype, shape, start, end } = place;
    tensors.push({
      name,
      dtype,
      shape,
      bytes: end - start,
      statistics: isRead ? gathered.statistics() : null,
    });
  }
  requireChecksum(weights, sum.text(), weights.file);
  return tensors;
}

/** Reads a file that has a checksum, in the order in which tensors lie. @throws FormatError where it is another */
async function check(weights: OpenWeights): Promise<void> {
  if (weights.metadata[CHECKSUM] === undefined) return;
  const sum = new Checksum(weights);
  for (const { start, end } of weights.tensors.values())
    for (let at = start; at < end; at += PIECE) sum.add(await weights.read(at, Math.min(PIECE, end - at)));
  requireChecksum(weights, sum.text(), weights.file);
}

function jsonOf({ file, size, metadata }: OpenWeights, tensors: readonly Listed[]): string {
  return jsonText({
    file,
    bytes: size,
    checksum: metadata[CHECKSUM] === undefined ? 'none' : 'right',
    metadata,
    tensors,
  });
}

/** JSON has no NaN and no infinities: they are texts there. */
function jsonText(data: object): string {
  const plain = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  return JSON.stringify(data, plain, 2);
}

function listText({ file, size, metadata }: OpenWeights, tensors: readonly Listed[], paint: Paint): string {
  const elements = tensors.reduce((n, { shape }) => n + shape.reduce((m, extent) => m * extent, 1), 0);
  const rows = tensors.map(({ name, dtype, shape, bytes, statistics }) => [
    name,
    dtype,
    `[${shape.join(', ')}]`,
    bytesText(bytes),
    ...statisticCells(statistics),
  ]);
  const heads = ['tensor', 'type', 'shape', 'size', 'min', 'max', 'mean', 'deviation', 'NaN', 'zeros'];
  const texts = Object.entries(metadata).filter(([name]) => name !== CHECKSUM);
  const checksum = metadata[CHECKSUM];
  return [
    `${paint.bold(file)}: ${tensors.length} tensors, ${elements} elements, ${bytesText(size)}`,
    ...table(heads, rows, paint),
    ...texts.map(([name, text]) => `${paint.bold(name)}: ${clipped(text)}`),
    checksum === undefined ? 'no checksum' : `checksum ${checksum}, which is right`,
  ].join('\n');
}

function statisticCells(statistics: Statistics | null): string[] {
  if (statistics === null) return Array.from({ length: 6 }, () => '');
  const { min, max, mean, deviation, nan, zeros } = statistics;
  return [...[min, max, mean, deviation].map(numberText), String(nan), String(zeros)];
}

/** Four digits. */
function numberText(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** One line of a text, which may be long. */
function clipped(text: string): string {
  const line = JSON.stringify(text).slice(1, -1);
  return line.length > 100 ? `${line.slice(0, 100)} … (${line.length} characters)` : line;
}

async function comparison(first: OpenWeights, second: OpenWeights): Promise<readonly Compared[]> {
  const all: Compared[] = [];
  for (const name of new Set([...first.tensors.keys(), ...second.tensors.keys()])) {
    const [a, b] = [first.tensors.get(name), second.tensors.get(name)];
    if (a === undefined) all.push({ name, only: 'second' });
    else if (b === undefined) all.push({ name, only: 'first' });
    else if (a.shape.join() !== b.shape.join()) all.push({ name, types: [typeText(a), typeText(b)] });
    else {
      const difference = (await differenceOf([first, second], [a, b])) ?? null;
      all.push({ name, ...(a.dtype === b.dtype ? {} : { types: [typeText(a), typeText(b)] }), difference });
    }
  }
  return all;
}

function differs({ only, types, difference }: Compared): boolean {
  return only !== undefined || types !== undefined || difference === null || (difference?.count ?? 0) > 0;
}

function typeText({ dtype, shape }: TensorPlace): string {
  return `${dtype} [${shape.join(', ')}]`;
}

function compareText(all: readonly Compared[], differing: readonly Compared[], paint: Paint): string {
  const same = `${all.length - differing.length} of ${all.length} tensors are the same`;
  const rows = differing.map(({ name, only, types, difference }) => [
    name,
    only === undefined ? (types?.join(' beside ') ?? '') : `only in the ${only} file`,
    difference ? String(difference.count) : '',
    difference ? numberText(difference.maxAbsolute) : '',
    difference
      ? numberText(difference.maxRelative)
      : difference === null
        ? 'not compared: a type that is not read'
        : '',
  ]);
  const heads = ['tensor', 'what', 'differing', 'at most by', 'relatively'];
  return [paint.bold(same), ...(rows.length === 0 ? [] : table(heads, rows, paint))].join('\n');
}
