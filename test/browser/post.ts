/** Posts what a page found, or the error that it met, which ends the visit. */
export async function post(found: () => Promise<object>): Promise<void> {
  const result = await found().catch((error: unknown) => ({
    error: String(error),
    code: typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined,
  }));
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
}
