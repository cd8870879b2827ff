import {
  arranged,
  type ImageFolderOptions,
  type ImageForm,
  type ImageOptions,
  type ImageSet,
  imageForm,
  imageSet,
  keptPart,
} from '../data/images.ts';
import { FormatError, reasonOf } from '../runtime/issues.ts';
import { named } from '../runtime/options.ts';
import { type FileLike, fileContents } from './fetch.ts';

/**
 * The images of a folder that a user chose (`<input type="file" webkitdirectory>`), which has a folder for each class. The browser
 * reads and resizes them; behind what is transparent is black.
 *
 * @param files each with its path, `webkitRelativePath`, whose first folder is the one that was chosen; or a path of its own
 * A page does not see folders without files: `classes` names all classes, where one may be empty.
 *
 * @throws FormatError `file` where no folder has an image, or an image lies beside the folders of classes; InputError
 */
export function imageFolder(
  files: Iterable<File | { readonly path: string; readonly source: FileLike }>,
  options: ImageFolderOptions,
): ImageSet<FileLike> {
  const { classes, ...asked } = named('options', options);
  const form = imageForm(asked);
  const listed = Array.from(files, (file): { path: string; source: FileLike } =>
    file instanceof File
      ? { path: file.webkitRelativePath.split('/').slice(1).join('/') || file.name, source: file }
      : file,
  );
  return imageSet(listed, [], 'the folder', form, classes, (source, path) => pixelsOf(source, form, path));
}

/**
 * One image as pixels, `[channels, height, width]` or with the channels last: of an address, a file, bytes, or what was decoded.
 *
 * @throws FormatError `file` for what is no image; InputError `range`
 */
export async function readImage(
  image: FileLike | ImageBitmap,
  options: ImageOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const form = imageForm(options);
  return image instanceof ImageBitmap ? drawn(image, form) : pixelsOf(image, form);
}

async function pixelsOf(file: FileLike, form: ImageForm, path?: string): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, name } = await fileContents(file);
  const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)])).catch((cause: unknown) => {
    throw new FormatError('file', `${path ?? name}: it is no image that is read: ${reasonOf(cause)}`, {
      cause,
    });
  });
  try {
    return drawn(bitmap, form);
  } finally {
    bitmap.close();
  }
}

function drawn(bitmap: ImageBitmap, form: ImageForm): Uint8Array<ArrayBuffer> {
  const { width, height } = form;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new FormatError('file', 'the image: this page has no canvas to draw it on');
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  const kept = keptPart(form, bitmap.width, bitmap.height);
  context.drawImage(bitmap, kept.left, kept.top, kept.width, kept.height, 0, 0, width, height);
  return arranged(form, context.getImageData(0, 0, width, height).data, 4);
}
