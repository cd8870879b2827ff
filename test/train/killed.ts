/**
 * Fits in a process of its own, with checkpoints in a folder, and sends itself a signal after so many submits.
 */

import { stopOnSignals } from '../../src/node/index.ts';
import { fitWithin } from '../../src/train/fit.ts';
import { killedTraining } from './killedTraining.ts';
import { open } from './models.ts';

const [, , folder = '', signal = '', at = ''] = process.argv;
const session = await open({ seed: 4 });
let heard = 0;
const options = {
  ...killedTraining(folder),
  signals: true,
  callbacks: [
    {
      onSteps: () => {
        if (++heard === Number(at)) process.kill(process.pid, signal);
      },
    },
  ],
};
await fitWithin(session, options, { signals: async () => stopOnSignals() });
session.dispose();
