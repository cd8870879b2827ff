import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../usage.ts';

/**
 * The page of a report without its looks: the package has it as a file, made with it; from the sources it is built when it is
 * asked for.
 *
 * @throws UsageError where the file is not there
 */
export async function reportTemplate(): Promise<string> {
  if (import.meta.url.endsWith('.ts')) {
    // By a name that is made here: the library's own build does not reach into the folder of the pages.
    const builder = new URL('../../../web/build/report.ts', import.meta.url).href;
    const { cachedReport }: { cachedReport: () => Promise<string> } = await import(builder);
    return cachedReport();
  }
  const path = fileURLToPath(new URL('../../report.html', import.meta.url));
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${path} is missing: npm run build makes it, and the package has it`, { cause });
  }
}
