#!/usr/bin/env node
import { run } from './run.ts';

// Whoever reads may stop early (`| head`): that changes neither what was found nor the exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), process);

// A model may leave something behind that keeps a process alive, such as a timer: nobody waits for that.
const LEFTOVERS = 1000;
const end = (): void => {
  const streams = [process.stdout, process.stderr];
  if (streams.every(({ destroyed, writableLength }) => destroyed || writableLength === 0)) process.exit();
};
setInterval(end, LEFTOVERS).unref();
