import { metadataOf } from '../../src/weights/index.ts';
import type { Standing } from './slices.ts';

/** Where the training of an entry stood when its session was saved; undefined where a file has weights alone. @throws FormatError `file` */
export function standingIn(
  file: Uint8Array,
  entry: string,
): (Standing & { readonly total: number }) | undefined {
  const place = metadataOf(file).sinter;
  if (place === undefined) return undefined;
  const { entries }: { entries?: unknown } = Object(JSON.parse(place));
  const of: { steps?: unknown; position?: unknown } = Object(Object(entries)[`.${entry}`]);
  const { epoch, step }: { epoch?: unknown; step?: unknown } = Object(of.position);
  const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
  return { total: count(of.steps), epoch: count(epoch), step: count(step) };
}
