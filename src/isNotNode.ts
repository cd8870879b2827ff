/** What `isNode.ts` is to what bundlers write for browsers. */
export function isNode(): boolean {
  return false;
}
