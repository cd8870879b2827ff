import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { FormatError } from '../runtime/index.ts';

/** SwiftShader, a Vulkan driver in software, unpacked: paths. */
export interface SoftwareDriver {
  readonly folder: string;
  /** The Vulkan loader, `libvulkan.so.1`. */
  readonly loader: string;
  /** The file that tells the loader where the driver is. */
  readonly manifest: string;
}

/**
 * Unpacks SwiftShader out of the package `@sparticuz/chromium`, once for a user and a version, into a folder of
 * its own in the temporary one. Processes that do so at the same time get the same folder.
 *
 * @returns undefined where there is no such package or it does not fit this machine
 * @throws FormatError `file` where the package holds something else
 */
export function unpackSwiftShader(): SoftwareDriver | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const archive = findArchive();
  if (archive === undefined) return undefined;
  const packed = readFileSync(archive);
  const version = createHash('sha256').update(packed).digest('hex').slice(0, 12);
  const user = process.getuid?.() ?? 0;
  const shared = join(tmpdir(), `sinter-swiftshader-${user}-${version}`);
  if (isOurs(shared, user)) return driverIn(shared);
  const fresh = mkdtempSync(`${shared}-`);
  for (const { name, data } of tarEntries(archive, brotliDecompressSync(packed))) {
    if (wanted.includes(name)) writeFileSync(join(fresh, name), data);
  }
  const missing = wanted.find((name) => !existsSync(join(fresh, name)));
  if (missing !== undefined) throw new FormatError('file', `${archive}: expected to hold ${missing}`);
  try {
    renameSync(fresh, shared);
  } catch {
    // Another process was first, or somebody else's file has the name: then this copy serves, for this once.
    if (!isOurs(shared, user)) return driverIn(fresh);
    rmSync(fresh, { recursive: true });
  }
  return driverIn(shared);
}

const LOADER = 'libvulkan.so.1';
const MANIFEST = 'vk_swiftshader_icd.json';
const wanted = [LOADER, MANIFEST, 'libvk_swiftshader.so'];

function driverIn(folder: string): SoftwareDriver {
  return { folder, loader: join(folder, LOADER), manifest: join(folder, MANIFEST) };
}

/** Libraries are loaded from there: nobody else may have put them there. */
function isOurs(folder: string, user: number): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return (
    found?.isDirectory() === true &&
    found.uid === user &&
    wanted.every((name) => existsSync(join(folder, name)))
  );
}

function findArchive(): string | undefined {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  } catch {
    return undefined;
  }
  // The package exports its main file alone, some folders below its root.
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    const archive = join(folder, 'bin', 'swiftshader.tar.br');
    if (existsSync(archive)) return archive;
  }
  return undefined;
}

/** The files of a tar archive (ustar): headers of 512 bytes, contents padded to 512. */
function* tarEntries(path: string, tar: Buffer): Generator<{ name: string; data: Buffer }> {
  let at = 0;
  while (at + 512 <= tar.length && tar[at] !== 0) {
    const field = (from: number, length: number): string =>
      tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(field(124, 12), 8);
    const start = at + 512;
    if (!Number.isInteger(size) || start + size > tar.length) {
      throw new FormatError('file', `${path}: expected a tar archive, found no header at byte ${at}`);
    }
    yield { name: field(0, 100).replace(/^\.\//, ''), data: tar.subarray(start, start + size) };
    at = start + Math.ceil(size / 512) * 512;
  }
}
