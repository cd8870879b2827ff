import { clipped, listed } from '../runtime/clipped.ts';
import { InputError, isWhole, unfit } from '../runtime/issues.ts';
import { unlike } from '../runtime/unlike.ts';
import { checkOptions } from './issues.ts';
import { DataStream } from './stream.ts';

/** What images become: all of one size, bytes of 0 to 255. */
export interface ImageOptions {
  /** Height and width in pixels, or one number for both. */
  readonly size: number | readonly [height: number, width: number];
  /** `rgb`, by default; or `grey`, the luma of Rec. 601. */
  readonly channels?: 'rgb' | 'grey';
  /** Channels first, by default, or last. */
  readonly layout?: 'nchw' | 'nhwc';
  /** What becomes of another shape: its middle is cut out, by default, or it is stretched. */
  readonly fit?: 'crop' | 'stretch';
}

/** What the images of a folder become, and its classes. */
export interface ImageFolderOptions extends ImageOptions {
  /**
   * Names of the classes in the order of their labels; by default those of the folders, sorted. With it a folder that is none
   * of them is refused, and one that is not there has no images.
   */
  readonly classes?: readonly string[];
}

/** Options with what was not given. */
export interface ImageForm {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly layout: 'nchw' | 'nhwc';
  readonly fit: 'crop' | 'stretch';
}

/** An image that is not read yet, with its class. */
export interface ImageFile<Source> {
  /** Where it is, for messages. */
  readonly path: string;
  readonly source: Source;
  /** The number of its class. */
  readonly label: number;
}

/** An image with its class. */
export interface ImageSample {
  /** Its pixels, in the layout that was asked for. */
  readonly x: Uint8Array<ArrayBuffer>;
  /** The number of its class. */
  readonly y: Int32Array<ArrayBuffer>;
}

/** Images of classes, each in a folder of its name. */
export interface ImageSet<Source> {
  /** Names of the classes, sorted unless they were given; a label is the place of one. */
  readonly classes: readonly string[];
  /** Of one image: `[channels, height, width]`, or with the channels last. */
  readonly shape: readonly [number, number, number];
  /** All of them, in order of their paths, there by number: split and shuffle these, then decode. */
  readonly files: DataStream<ImageFile<Source>>;
  /**
   * Reads one: `files.map(decode, { concurrency: 8 })`.
   *
   * @throws FormatError `file` for what is no image
   */
  readonly decode: (file: ImageFile<Source>) => Promise<ImageSample>;
  /** Reads all: `x` for each its pixels, `y` its label. @throws FormatError `file` */
  readonly load: () => Promise<ImageSample & { readonly count: number }>;
}

/** Endings of files that are taken for images. */
const ENDINGS = /\.(jpe?g|png|webp|gif|avif|tiff?|bmp)$/i;

/** Paths of what is hidden: `.git`, and the `._` files that macOS puts beside others. */
const HIDDEN = /(^|\/)\./;

/** Images that are decoded at once where all are read. */
const AT_ONCE = 8;

/** What images are to be. @throws InputError */
export function imageForm(options: ImageOptions): ImageForm {
  checkOptions(options, { size: true, channels: true, layout: true, fit: true });
  const { size, channels = 'rgb', layout = 'nchw', fit = 'crop' } = options;
  // Callers without types may give anything.
  const isPair = Array.isArray(size) && size.length === 2;
  if (typeof size !== 'number' && !isPair)
    unfit('type', 'size', 'a number, or a list of a height and a width', size);
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  for (const extent of [height, width])
    if (!isWhole(extent, 1, MOST_PIXELS)) unfit('range', 'size', `1 to ${MOST_PIXELS} pixels`, extent);
  const word = (name: string, value: string, known: readonly string[]): void => {
    if (!known.includes(value)) unfit('range', name, known.join(' or '), value);
  };
  word('channels', channels, ['rgb', 'grey']);
  word('layout', layout, ['nchw', 'nhwc']);
  word('fit', fit, ['crop', 'stretch']);
  return { height, width, channels: channels === 'rgb' ? 3 : 1, layout, fit };
}

/** Pixels of a side at most, as canvases have. */
const MOST_PIXELS = 16_384;

/** The part of an image that is kept, in its pixels, where it has another shape. */
export function keptPart(
  form: ImageForm,
  width: number,
  height: number,
): { readonly left: number; readonly top: number; readonly width: number; readonly height: number } {
  if (form.fit === 'stretch') return { left: 0, top: 0, width, height };
  const scale = Math.min(width / form.width, height / form.height);
  const [w, h] = [form.width * scale, form.height * scale];
  return { left: (width - w) / 2, top: (height - h) / 2, width: w, height: h };
}

/**
 * Pixels in the layout that was asked for.
 *
 * @param pixels of each, row by row, its red, green and blue, and after them what makes up the rest of `stride` bytes
 */
export function arranged(
  form: ImageForm,
  pixels: Uint8Array | Uint8ClampedArray,
  stride: number,
): Uint8Array<ArrayBuffer> {
  const { height, width, channels, layout } = form;
  const count = height * width;
  const made = new Uint8Array(count * channels);
  for (let k = 0; k < count; k++) {
    const at = k * stride;
    const [red = 0, green = 0, blue = 0] = [pixels[at], pixels[at + 1], pixels[at + 2]];
    if (channels === 1) {
      // Rec. 601 in 16 bits, rounded, as Pillow computes it.
      made[k] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
      continue;
    }
    const [first, step] = layout === 'nchw' ? [k, count] : [3 * k, 1];
    made[first] = red;
    made[first + step] = green;
    made[first + 2 * step] = blue;
  }
  return made;
}

/** @throws InputError `type`, `range` */
function requireClasses(classes: unknown): void {
  if (classes === undefined) return;
  const isNames = Array.isArray(classes) && classes.every((name) => typeof name === 'string' && name !== '');
  if (!isNames || classes.length === 0) unfit('type', 'classes', 'a list of names', classes);
  if (new Set(classes).size < classes.length)
    throw new InputError('range', 'classes', 'a class is given twice');
}

/**
 * A set of images, by the folders that they are in. Files with other endings than images, and what is hidden, are left out.
 *
 * @param files with their paths from the folder of the set on: `cats/1.jpg`
 * @param folders names of those in the folder of the set, where they are known: an empty one keeps its number
 * @param at what errors call the folder
 * @param pixelsOf reads an image
 * @throws FormatError `file` where no folder has an image, images lie beside the folders, or in one that is not of the
 *   classes that are given; InputError for classes that cannot be
 */
export function imageSet<Source>(
  files: readonly { readonly path: string; readonly source: Source }[],
  folders: readonly string[],
  at: string,
  form: ImageForm,
  given: readonly string[] | undefined,
  pixelsOf: (source: Source, path: string) => Promise<Uint8Array<ArrayBuffer>>,
): ImageSet<Source> {
  requireClasses(given);
  const found = files
    .filter(({ path }) => ENDINGS.test(path) && !HIDDEN.test(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const images = found.filter(({ path }) => path.includes('/'));
  const loose = found.find(({ path }) => !path.includes('/'));
  const expected = 'folders of images, one for each class';
  if (images.length === 0) {
    const some = files.slice(0, 3).map(({ path }) => clipped(path));
    unlike(at, expected, listed(some) || 'nothing');
  }
  if (loose !== undefined) unlike(at, expected, `${clipped(loose.path)} beside them`);
  const classOf = (path: string): string => path.slice(0, path.indexOf('/'));
  const classes = given ?? [...new Set([...folders, ...images.map(({ path }) => classOf(path))])].sort();
  const other = images.find(({ path }) => !classes.includes(classOf(path)));
  if (other !== undefined)
    unlike(at, `folders of the classes ${listed(classes.map(clipped))}`, clipped(other.path));
  const labels = new Map(classes.map((name, label) => [name, label]));
  const labelled = images.map(({ path, source }) => ({
    path,
    source,
    label: labels.get(classOf(path)) ?? 0,
  }));
  const all = DataStream.from(labelled);
  const decode = async ({ source, path, label }: ImageFile<Source>): Promise<ImageSample> => ({
    x: await pixelsOf(source, path),
    y: Int32Array.of(label),
  });
  const { height, width, channels, layout } = form;
  return {
    classes,
    shape: layout === 'nchw' ? [channels, height, width] : [height, width, channels],
    files: all,
    decode,
    load: async () => {
      const count = labelled.length;
      const bytes = channels * height * width;
      const x = new Uint8Array(count * bytes);
      const y = new Int32Array(count);
      let k = 0;
      for await (const sample of all.map(decode, { concurrency: AT_ONCE })) {
        x.set(sample.x, k * bytes);
        y.set(sample.y, k++);
      }
      return { count, x, y };
    },
  };
}
