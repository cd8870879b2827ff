/** What `shown.ts` is to browsers: nothing. */
export function showSessions(_: object): void {}

/** What `shown.ts` is to browsers: nothing. */
export function showDatasets(_: object): void {}
