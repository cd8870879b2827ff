import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { fileLog, StoppedError, stopOnSignals, terminalProgress } from '../../src/node/index.ts';
import { type Callback, fit as fitted } from '../../src/train/index.ts';
import { open as openSession, rows } from '../train/models.ts';

const folder = mkdtempSync(join(tmpdir(), 'sinter-training-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function fitWith(callback: Callback, epochs = 2): Promise<void> {
  const session = await openSession();
  try {
    await fitted(session, { data: rows(24), epochs, callbacks: [callback] });
  } finally {
    session.dispose();
  }
}

describe('fileLog', () => {
  it('writes a file in a folder that it makes, and begins again where training does', async () => {
    const path = join(folder, 'runs', 'first', 'log.txt');
    const log = fileLog(path);
    for (const text of ['one', 'two']) {
      await log.begin?.(0);
      await log.write(`${text}\n`);
      await log.write(new TextEncoder().encode('…\n'));
      await log.end?.();
    }
    expect(readFileSync(path, 'utf8')).toBe('two\n…\n');
  });

  it('cuts off what was written after the checkpoint that is resumed', async () => {
    const path = join(folder, 'resumed.txt');
    writeFileSync(path, 'kept\nwritten after\n');
    const log = fileLog(path);
    await log.begin?.(5);
    await log.write('next\n');
    await log.end?.();
    expect(readFileSync(path, 'utf8')).toBe('kept\nnext\n');
  });

  it('begins a log that is gone where training is resumed, and goes on behind one that is shorter', async () => {
    const [gone, short] = [join(folder, 'gone', 'log.txt'), join(folder, 'short.txt')];
    writeFileSync(short, 'ab');
    for (const path of [gone, short]) {
      const log = fileLog(path);
      await log.begin?.(5);
      await log.write('next\n');
      await log.end?.();
    }
    expect(readFileSync(gone, 'utf8')).toBe('next\n');
    expect(readFileSync(short, 'utf8')).toBe('abnext\n');
  });

  it('says that a disk is full where it takes a part of what is written', async () => {
    const path = join(folder, 'full.txt');
    const script = `import { fileLog } from './src/node/logs.ts';
      const log = fileLog(${JSON.stringify(path)});
      await log.begin(0);
      await log.write('x'.repeat(1500)).catch((error) => console.log(error.name, error.code, error.message));`;
    // Files of that process may have one block of 1,024 bytes, as on a disk that is full then.
    const command = 'ulimit -f 1; exec node --import tsx --input-type=module -e "$0"';
    const { stdout } = await promisify(execFile)('bash', ['-c', command, script]);
    expect(stdout).toMatch(/^FormatError file .*full\.txt: cannot be written: EFBIG/);
  });

  it('closes a file that it cannot cut', async () => {
    const path = join(folder, 'uncut.txt');
    writeFileSync(path, 'text');
    const probe = await open(path);
    const kind = Object.getPrototypeOf(probe);
    await probe.close();
    let fd: () => number = () => 0;
    vi.spyOn(kind, 'truncate').mockImplementation(async function (this: FileHandle) {
      fd = () => this.fd;
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    });
    try {
      await expect((async () => fileLog(path).begin?.(0))()).rejects.toThrow(
        `${path}: cannot be written: the disk is full (ENOSPC)`,
      );
      // Node has no number for what is closed.
      expect(fd()).toBe(-1);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('names the file that cannot be written', async () => {
    const log = fileLog(folder);
    await expect((async () => log.begin?.(0))()).rejects.toThrow(
      `${folder}: cannot be written: it is a folder (EISDIR)`,
    );
  });
});

describe('terminalProgress', () => {
  it('writes a line over and over on a terminal, cut to its width, and keeps the last', async () => {
    let text = '';
    const stream = { isTTY: true, columns: 30, write: (part: string) => (text += part) };
    await fitWith(terminalProgress(stream));
    const lines = text.split('\r').slice(1);
    expect(lines[0]?.replace('\u001b[K', '')).toHaveLength(29);
    expect(lines.filter((line) => line.endsWith('\n'))).toHaveLength(2);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('writes a line for each epoch where the stream is not a terminal', async () => {
    let text = '';
    await fitWith(terminalProgress({ write: (part: string) => (text += part) }));
    expect(text).toMatch(/^epoch 1\/2 .*\nepoch 2\/2 .*\n$/);
  });
});

describe('stopOnSignals', () => {
  it('aborts with an error that says which signal, and leaves no handler behind', () => {
    const before = process.listenerCount('SIGTERM');
    const exits = process.listeners('exit');
    const uncaught = process.listeners('uncaughtException');
    const stop = stopOnSignals();
    process.emit('SIGTERM', 'SIGTERM');
    for (const listener of process.listeners('exit'))
      if (!exits.includes(listener)) process.off('exit', listener);
    for (const listener of process.listeners('uncaughtException'))
      if (!uncaught.includes(listener)) process.off('uncaughtException', listener);
    expect(stop.signal.reason).toBeInstanceOf(StoppedError);
    expect(stop.signal.reason).toMatchObject({
      signal: 'SIGTERM',
      exitCode: 143,
      message: 'stopped by SIGTERM',
    });
    stop.stoppedAt('in epoch 2 after step 31');
    expect(String(stop.signal.reason)).toBe('StoppedError: stopped by SIGTERM in epoch 2 after step 31');
    // The second ends the process at once.
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
      throw new Error('the process ends');
    });
    expect(() => process.emit('SIGINT', 'SIGINT')).toThrow('the process ends');
    expect(exit).toHaveBeenCalledWith(130);
    stop.dispose();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
