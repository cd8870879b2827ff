#!/usr/bin/env node
import { run } from './run.ts';

// Whoever reads may stop early (`| head`): that changes neither what was found nor the exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await run(process.argv.slice(2), process);
