import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFor } from '../../compiled.ts';
import type { Module } from '../../graph/index.ts';
import { looksInText, NO_PAGE } from '../../inspect/island.ts';
import type { Look } from '../../inspect/look.ts';
import { lookOf } from '../../inspect/lookOf.ts';
import { type Report, reportOf } from '../../inspect/report.ts';
import { bytesText } from '../../inspect/reportText.ts';
import { type TargetName, targetNames } from '../../machine/index.ts';
import { fileStore } from '../../node/fileStore.ts';
import { FormatError } from '../../runtime/index.ts';
import { isCode, loadModel, partsOf } from '../loadModel.ts';
import type { ModelOptions } from '../modelCommand.ts';
import type { Terminal } from '../run.ts';
import { terminalLine } from '../statusLine.ts';
import { listed, UsageError, whyUnread } from '../usage.ts';
import type { HtmlOptions } from './options.ts';
import { reportPage } from './page.ts';
import { measured, profilesIn } from './profiles.ts';
import { sourceTexts } from './sourceTexts.ts';
import { reportTemplate } from './template.ts';

type PageOptions = HtmlOptions & ModelOptions;

/** A compilation, and what it is shown of. */
export interface Shown {
  readonly module: Module;
  readonly target: TargetName;
  readonly compilation: Awaited<ReturnType<typeof compileFor>>;
  readonly report: Report;
  /** Whether no target was named: then the page has another one's too. */
  readonly isAuto: boolean;
  /** Only this entry. */
  readonly entry?: string;
}

/**
 * Requires that a page can be written to a file: before long work.
 *
 * @throws UsageError where it is a folder, a device or code, or its folder is a file
 */
export function requireWritable(out: string): void {
  const there = existsSync(out) ? statSync(out) : undefined;
  if (there?.isDirectory())
    throw new UsageError(`--html ${out}: it is a folder; name a file, as in ${resolve(out, 'report.html')}`);
  // The page takes the place of what it overwrites: of a device, and of the model that one meant to look into, too.
  if (there !== undefined && !there.isFile())
    throw new UsageError(`--html ${out}: it is a device or a pipe; name a file, as in report.html`);
  if (isCode(out))
    throw new UsageError(
      `--html ${out}: that is a name of code, which a page must not replace; name a file, as in report.html`,
    );
  if (basename(out).startsWith('.'))
    throw new UsageError(`--html ${out}: name a file that does not begin with a dot, as in report.html`);
  const folder = dirname(out);
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new UsageError(`--html ${out}: ${folder} is a file`);
}

/**
 * Refuses, before anything is compiled, what no report can be compared with.
 *
 * @throws UsageError where it is neither a target nor a file
 */
export function requireComparable(other: string): void {
  if (targetNames.some((name) => name === other) || existsSync(partsOf(other).file)) return;
  const targets = listed(targetNames);
  throw new UsageError(
    `--compare ${other}: there is no such file; name a model, a page that was written before, or a target: ${targets}`,
  );
}

/** Writes the page of a report, whole or not at all, and says how large it is and how to open it. */
export async function writePage(shown: Shown, options: PageOptions, terminal: Terminal): Promise<void> {
  const { html: out = '', compare, profile } = options;
  const progress = terminalLine(terminal.stderr);
  let page: string;
  try {
    const { compilation, report, target } = shown;
    progress.show('looking');
    const profiles =
      profile === undefined
        ? {}
        : profile === true
          ? await measured(compilation, entriesOf(shown), target, progress.show)
          : profilesIn(profile, report);
    const own = lookAt(shown, profiles, progress.show);
    const others: Look[] = [];
    if (compare !== undefined) others.push(await otherLook(compare, shown, options, progress.show));
    else if (shown.isAuto) {
      const to = target === 'wasm' ? 'webgpu' : 'wasm';
      others.push(await lookFor(shown.module, to, shown.entry, progress.show));
    }
    progress.show('writing the page');
    page = await reportPage([own, ...others], await reportTemplate());
  } finally {
    progress.end();
  }
  const bytes = new TextEncoder().encode(page);
  try {
    await fileStore(dirname(out)).write(basename(out), bytes);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new UsageError(`--html ${cause.message}`, { cause });
  }
  const where = pathToFileURL(resolve(out)).href;
  terminal.stdout.write(
    `${out}: ${bytesText(bytes.length)}; open it in a browser, it needs nothing else\n${where}\n`,
  );
}

function entriesOf({ compilation, entry }: Shown): string[] {
  return entry === undefined ? [...compilation.entries.keys()] : [entry];
}

function lookAt(shown: Shown, profiles: Look['profiles'], onProgress: (doing: string) => void): Look {
  const { compilation, report, module } = shown;
  const look = lookOf(compilation, { files: sourceTexts(module), report, profiles, onProgress });
  return shown.entry === undefined ? look : onlyEntry(look, shown.entry);
}

/** A look at one entry alone: kernels of the others, and passes over them, are left out. */
function onlyEntry(look: Look, name: string): Look {
  const [entry, reported] = [look.entries[name], look.report.entries[name]];
  if (entry === undefined || reported === undefined) return look;
  const kernels = new Set(reported.kernels.map((kernel) => kernel.name));
  return {
    ...look,
    report: { ...look.report, entries: { [name]: reported } },
    entries: { [name]: entry },
    kernels: Object.fromEntries(Object.entries(look.kernels).filter(([kernel]) => kernels.has(kernel))),
    passes: look.passes.filter((pass) => pass.entry === undefined || pass.entry === name),
  };
}

/**
 * What a report is compared with: a page that was written before, the same model for another target, or another model.
 *
 * @throws UsageError where it is none of them
 */
async function otherLook(
  other: string,
  shown: Shown,
  options: ModelOptions,
  onProgress: (doing: string) => void,
): Promise<Look> {
  if (/^\.x?html?$/i.test(extname(other))) return lookInPage(other);
  const target = existsSync(other) ? undefined : targetNames.find((name) => name === other);
  const module = target === undefined ? await loadModel(other, options) : shown.module;
  return lookFor(module, target ?? shown.target, shown.entry, onProgress);
}

/** A look at what a module becomes on a target; of one entry, where it has that one. */
async function lookFor(
  module: Module,
  target: TargetName,
  entry: string | undefined,
  onProgress: (doing: string) => void,
): Promise<Look> {
  onProgress(`compiling ${module.name} for ${target}`);
  const compilation = await compileFor(module, target);
  const own = entry !== undefined && compilation.entries.has(entry) ? { entry } : {};
  const report = reportOf(compilation);
  return lookAt({ module, target, compilation, report, isAuto: false, ...own }, {}, onProgress);
}

/** The first look of a page that was written before. */
async function lookInPage(file: string): Promise<Look> {
  const fail = (reason: string, cause?: unknown): never => {
    throw new UsageError(`--compare ${file}: ${reason}`, { cause });
  };
  try {
    const [look] = await looksInText(readFileSync(file, 'utf8'));
    return look ?? fail(NO_PAGE);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    return fail(whyUnread(cause), cause);
  }
}
