import { readFileSync } from 'node:fs';
import { type compileFor, programOf } from '../../compiled.ts';
import type { Report } from '../../inspect/report.ts';
import type { TargetName } from '../../machine/index.ts';
import { type Profile, profile } from '../../profile/profile.ts';
import { deviceFor } from '../deviceFor.ts';
import { listed, UsageError, whyUnread } from '../usage.ts';

const NO_PROFILE = 'it is not what sinter profile --json writes';

/** What steps took, by entry. */
export type Profiles = Readonly<Record<string, Profile>>;

/**
 * Runs entries of a program, and measures their steps.
 *
 * @throws DeviceError where there is no adapter, or the program needs more than there is
 */
export async function measured(
  compilation: Awaited<ReturnType<typeof compileFor>>,
  entries: readonly string[],
  target: TargetName,
  onProgress: (doing: string) => void,
): Promise<Profiles> {
  const device = target === 'wasm' ? undefined : await deviceFor(target);
  const where = device === undefined ? {} : { device };
  try {
    const compiled = await programOf(compilation);
    const found: Record<string, Profile> = {};
    for (const entry of entries) {
      // Calls are for a time line of every step: a page shows one step.
      found[entry] = { ...(await profile(compiled, { ...where, entry, onProgress })), calls: [] };
    }
    return found;
  } finally {
    device?.destroy();
  }
}

/**
 * What `sinter profile --json` wrote, for the program of a report.
 *
 * @throws UsageError where it cannot be read, is something else, or is of another program
 */
export function profilesIn(file: string, report: Report): Profiles {
  const fail = (reason: string, cause?: unknown): never => {
    throw new UsageError(`--profile ${file}: ${reason}`, { cause });
  };
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    if (cause instanceof SyntaxError) return fail(NO_PROFILE, cause);
    return fail(whyUnread(cause), cause);
  }
  if (!isProfile(found)) return fail(NO_PROFILE);
  const { module, target, entry } = found;
  if (module !== report.name || target !== report.target) {
    const own = `${JSON.stringify(report.name)} for ${report.target}`;
    return fail(`it is of ${JSON.stringify(module)} for ${target}, not of ${own}: profile that one`);
  }
  const own = report.entries[entry];
  if (own === undefined)
    return fail(`it is of entry ${JSON.stringify(entry)}; there are ${listed(Object.keys(report.entries))}`);
  const names = own.dispatches.map(({ name }) => name).join();
  if (found.dispatches.map(({ name }) => name).join() !== names)
    return fail(
      `its dispatches are not those of ${JSON.stringify(entry)}: the model has changed; profile it again`,
    );
  return { [entry]: { ...found, calls: [] } };
}

/** By what a page reads of it. */
function isProfile(value: unknown): value is Profile {
  return (
    typeof value === 'object' &&
    value !== null &&
    'module' in value &&
    typeof value.module === 'string' &&
    'target' in value &&
    typeof value.target === 'string' &&
    'entry' in value &&
    typeof value.entry === 'string' &&
    'wall' in value &&
    typeof Object(value.wall).median === 'number' &&
    'dispatches' in value &&
    Array.isArray(value.dispatches) &&
    value.dispatches.every(
      (dispatch) => typeof Object(dispatch).name === 'string' && Object(dispatch).measured !== undefined,
    )
  );
}
