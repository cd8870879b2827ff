/** Trains an epoch in a process of its own, then disposes of the session or leaves it as it is. */
import { start } from '../../src/runtime/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { linearData, linearModel } from './linearModel.ts';

const [, , way] = process.argv;
const device = await freshDevice();
const session = await start(linearModel, { device });
for await (const { samples } of session.train({ data: linearData(9) }))
  console.log(`${way}: ${samples} samples`);
if (way === 'dispose') {
  session.dispose();
  device.destroy();
}
