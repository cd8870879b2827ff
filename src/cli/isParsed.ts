import type { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/**
 * Whether the engine has parsed a file: its code runs then, has run, or waits for what it imports.
 *
 * @param session of the inspector, connected to nothing; it is used up
 */
export function isParsed(path: string, session: Session): boolean {
  let isFound = false;
  session.on('Debugger.scriptParsed', ({ params: { url } }) => {
    isFound ||= pathOf(url) === path;
  });
  session.connect();
  // The scripts that there are are told before this returns.
  session.post('Debugger.enable');
  session.disconnect();
  return isFound;
}

/** The path of a script: it has a path or an address, to which loaders add what they need to know. */
function pathOf(script: string): string {
  if (!script.startsWith('file:')) return script;
  const { protocol, host, pathname } = new URL(script);
  return fileURLToPath(`${protocol}//${host}${pathname}`);
}
