/**
 * Whether this is Node, or what behaves like it: bundlers put an object named `process` into pages. What they write for browsers
 * holds nothing for Node, wherever it runs, and takes `isNotNode.ts` in place of this file (package.json, `browser`).
 */
export function isNode(): boolean {
  return String(globalThis.process) === '[object process]';
}
