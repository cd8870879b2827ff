/**
 * Starts a program with a broken kernel among many, and then one without, again and again, each on a device of its own:
 * where the device is destroyed while other kernels are being compiled, the process ends by a signal.
 */
import { compile, defineModule, start } from '../../src/index.ts';
import type { Program } from '../../src/runtime/index.ts';

const module = defineModule('many', (m) => {
  const x = m.input('x', { shape: [64] });
  for (let k = 0; k < 40; k++) {
    const y = x
      .mul(k + 2)
      .exp()
      .add(k);
    m.entry(`e${k}`, { y });
  }
});

let failed = 0;
let ran = 0;
for (let round = 0; round < 4; round++) {
  const { program } = await compile(module, { target: 'webgpu-software' });
  const broken: Program = JSON.parse(JSON.stringify(program));
  const kernels = broken.kernels.map((kernel, k) =>
    k === 0 ? { ...kernel, code: `${kernel.code}\nfn (` } : kernel,
  );
  await start({ ...broken, kernels }).catch(() => failed++);
  const session = await (await compile(module, { target: 'webgpu-software' })).start();
  await session.run('e1', { x: new Float32Array(64) });
  ran++;
  session.dispose();
}
console.log(`${failed} failed, ${ran} ran`);
