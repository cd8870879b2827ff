/** The text of loops or groups without declarations, origins and schedules. */
export function withoutDeclarations(text: string): string {
  const loops = text.replace(/^ *(#|from |tensor |axis |param |schedule ).*\n/gm, '').trim();
  return [inShort(text), loops].filter((part) => part !== '').join('\n');
}

/** The lines of a text of groups or stages that a person reads first. */
export function inShort(text: string): string {
  return [...text.matchAll(/^# (.*\n)/gm)].map(([, line]) => line).join('');
}
