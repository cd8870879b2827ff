import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  arranged,
  type ImageFolderOptions,
  type ImageForm,
  type ImageOptions,
  type ImageSet,
  imageForm,
  imageSet,
} from '../data/images.ts';
import { FormatError, reasonOf } from '../runtime/issues.ts';
import { named } from '../runtime/options.ts';
import { type FileLike, fileContents, fileError } from './files.ts';

/**
 * The images of a folder that has a folder for each class, as they are in it and in folders within; what is hidden, `.git`, is left out. The package `sharp`
 * (`npm install sharp`) reads and resizes them: JPEG, PNG, WebP, GIF, AVIF and TIFF. They are turned as they say they are to be
 * seen; behind what is transparent is black.
 *
 * A folder without images is a class too, so that those of training and validation have the same numbers; or name them, `classes`.
 *
 * @throws FormatError `file` where there is no such folder or image in it, an image lies beside the folders of classes, or
 *   sharp is not installed; InputError
 */
export async function imageFolder(folder: string, options: ImageFolderOptions): Promise<ImageSet<string>> {
  const { classes, ...asked } = named('options', options);
  const form = imageForm(asked);
  const paths = await pathsIn(folder, '');
  const files = paths
    .filter((path) => !path.endsWith('/'))
    .map((path) => ({ path, source: join(folder, path) }));
  const folders = paths
    .filter((path) => path.indexOf('/') === path.length - 1)
    .map((path) => path.slice(0, -1));
  const read = await decoder();
  return imageSet(files, folders, folder, form, classes, (path) => read(path, form));
}

/** The files of a folder and the folders in it, which end with a slash, and of those within, by their paths from it on; what is hidden is not looked at. */
async function pathsIn(folder: string, within: string): Promise<string[]> {
  // Not `recursive`: what it gives does not say where it lies before Node 20.12.
  const entries = await readdir(join(folder, within), { withFileTypes: true }).catch((cause: unknown) => {
    throw fileError(join(folder, within), cause);
  });
  const paths: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = within === '' ? entry.name : `${within}/${entry.name}`;
    if (entry.isDirectory()) paths.push(`${path}/`, ...(await pathsIn(folder, path)));
    else paths.push(path);
  }
  return paths;
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
