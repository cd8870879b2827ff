import { islandsOf } from '../../inspect/island.ts';
import type { Look } from '../../inspect/look.ts';

/**
 * The page of a report: one text that needs nothing else, of one look, or of two to compare.
 *
 * @param template as `web/build/report.ts` makes it
 */
export async function reportPage(looks: readonly Look[], template: string): Promise<string> {
  const [first] = looks;
  const title = first === undefined ? 'Sinter' : `${first.report.name}, ${first.report.target} · Sinter`;
  const parts: Readonly<Record<string, string>> = { title: escaped(title), looks: await islandsOf(looks) };
  return template.replaceAll(/<!--sinter:(\w+)-->/g, (place, name: string) => parts[name] ?? place);
}

/** A text as HTML has it between tags: names of models may hold markup, and characters that do not print. */
function escaped(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\ufffd').replaceAll(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
