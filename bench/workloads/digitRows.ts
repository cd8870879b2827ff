import { loadMnist } from '../../src/node/index.ts';
import type { DataFor } from '../steps.ts';

/** Digits as `u8` pixels `x: [rows, 784]` and labels `y: [rows]`, over again where there are not enough. */
export async function digits(): Promise<DataFor> {
  const { train } = await loadMnist();
  return (rows) => ({ x: repeated(train.images, 784 * rows), y: repeated(train.labels, rows) });
}

function repeated(values: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  for (let at = 0; at < length; at += values.length) result.set(values.subarray(0, length - at), at);
  return result;
}
