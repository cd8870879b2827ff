import { createHash } from 'node:crypto';
import type { Session } from '../../src/runtime/index.ts';

/** SHA-256 of all states of a session. */
export async function digest(session: Session): Promise<string> {
  const hash = createHash('sha256');
  for (const { name } of session.program.state) {
    const { data } = await session.read(name);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
