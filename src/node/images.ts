import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import {
  arranged,
  type ImageForm,
  type ImageOptions,
  type ImageSet,
  imageForm,
  imageSet,
} from '../data/images.ts';
import { FormatError, reasonOf } from '../runtime/issues.ts';
import { type FileLike, fileContents, fileError } from './files.ts';

/**
 * The images of a folder that has a folder for each class, as they are in it and in folders within. The package `sharp`
 * (`npm install sharp`) reads and resizes them: JPEG, PNG, WebP, GIF, AVIF and TIFF. They are turned as they say they are to be
 * seen; behind what is transparent is black.
 *
 * @throws FormatError `file` where there is no such folder or image in it, or sharp is not installed; InputError `range`
 */
export async function imageFolder(folder: string, options: ImageOptions): Promise<ImageSet<string>> {
  const form = imageForm(options);
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((cause: unknown) => {
    throw fileError(folder, cause);
  });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((source) => ({ path: relative(folder, source).split(sep).join('/'), source }));
  const read = await decoder();
  return imageSet(files, folder, form, (path) => read(path, form));
}

/**
 * One image as pixels, `[channels, height, width]` or with the channels last.
 *
 * @throws FormatError `file` for what is no image, or where sharp is not installed; InputError `range`
 */
export async function readImage(file: FileLike, options: ImageOptions): Promise<Uint8Array<ArrayBuffer>> {
  const form = imageForm(options);
  return (await decoder())(file, form);
}

type Decode = (file: FileLike, form: ImageForm) => Promise<Uint8Array<ArrayBuffer>>;

async function decoder(): Promise<Decode> {
  const { default: sharp } = await import('sharp').catch((cause: unknown) => {
    const text = `sharp, which reads images, does not load: run npm install sharp (${reasonOf(cause)})`;
    throw new FormatError('file', text, { cause });
  });
  return async (file, form) => {
    const { bytes, options } = await fileContents(file);
    const { width, height } = form;
    try {
      const { data, info } = await sharp(bytes)
        .autoOrient()
        .flatten({ background: '#000' })
        .toColourspace('srgb')
        .resize(width, height, { fit: form.fit === 'crop' ? 'cover' : 'fill' })
        .raw()
        .toBuffer({ resolveWithObject: true });
      return arranged(form, data, info.channels);
    } catch (cause) {
      throw new FormatError(
        'file',
        `${options.name ?? 'the image'}: it is no image that is read: ${reasonOf(cause)}`,
        {
          cause,
        },
      );
    }
  };
}
