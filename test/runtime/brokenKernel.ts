/**
 * Starts a program with a broken kernel among many, and then one without, again and again, each on a device of its own:
 * where the device is destroyed while other kernels are being compiled, the process ends by a signal.
 */
import { compile, defineModule } from '../../src/index.ts';

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
  const broken = await compile(module, { target: 'webgpu-software' });
  const [kernel] = broken.program.kernels;
  if (kernel !== undefined) Object.assign(kernel, { code: `${kernel.code}\nfn (` });
  await broken.start().catch(() => failed++);
  const session = await (await compile(module, { target: 'webgpu-software' })).start();
  await session.run('e1', { x: new Float32Array(64) });
  ran++;
  session.dispose();
}
console.log(`${failed} failed, ${ran} ran`);
