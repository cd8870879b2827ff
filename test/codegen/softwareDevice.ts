import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/**
 * A device of SwiftShader, the Vulkan driver in software that comes with `@sparticuz/chromium`. The returned
 * `gpu` must stay referenced while the device is in use: Dawn crashes when it is collected.
 */
export async function openSoftwareDevice(): Promise<{ readonly gpu: GPU; readonly device: GPUDevice }> {
  const folder = unpackedDriver();
  // Dawn finds the loader by its name once it is in the process; Node says that it is no module.
  try {
    const { RTLD_NOW, RTLD_GLOBAL } = os.constants.dlopen;
    const RTLD_NODELETE = 0x1000;
    process.dlopen(
      { exports: {} },
      path.join(folder, 'libvulkan.so.1'),
      RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE,
    );
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('did not self-register')) throw error;
  }
  process.env.VK_DRIVER_FILES = path.join(folder, 'vk_swiftshader_icd.json');
  process.env.XDG_RUNTIME_DIR ??= folder;
  const { create } = await import('webgpu');
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('SwiftShader gives no adapter');
  const { maxComputeInvocationsPerWorkgroup, maxStorageBuffersPerShaderStage } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxComputeInvocationsPerWorkgroup, maxStorageBuffersPerShaderStage },
  });
  return { gpu, device };
}

/** The folder with the driver's files, unpacked once a machine; a rename makes it whole or absent. */
function unpackedDriver(): string {
  const folder = path.join(os.tmpdir(), `sinter-test-driver-${os.userInfo().uid}`);
  if (existsSync(folder)) return folder;
  const require = createRequire(import.meta.url);
  let root = path.dirname(require.resolve('@sparticuz/chromium'));
  while (!existsSync(path.join(root, 'bin', 'swiftshader.tar.br'))) root = path.dirname(root);
  const tar = brotliDecompressSync(readFileSync(path.join(root, 'bin', 'swiftshader.tar.br')));
  const fresh = mkdtempSync(`${folder}-`);
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const text = (from: number, to: number): string =>
      tar.toString('latin1', at + from, at + to).replace(/\0.*$/s, '');
    const name = path.join(fresh, path.normalize(text(0, 100)));
    const size = Number.parseInt(text(124, 136), 8);
    const isFile = text(156, 157) === '0' || text(156, 157) === '';
    if (isFile && name.startsWith(fresh)) {
      mkdirSync(path.dirname(name), { recursive: true });
      writeFileSync(name, tar.subarray(at + 512, at + 512 + size));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  try {
    renameSync(fresh, folder);
  } catch (error) {
    // Another process was first.
    rmSync(fresh, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
