import { type Command, Option } from 'commander';
import { UsageError } from '../usage.ts';

/** What a page of a report was asked for. */
export interface HtmlOptions {
  /** The file to write. */
  readonly html?: string;
  /** Another model, a report that was written before, or another target. */
  readonly compare?: string;
  /** True where it is to be measured, or what `sinter profile --json` wrote. */
  readonly profile?: string | true;
}

/** Options that print instead of writing a page. */
const printing = ['code', 'ir', 'after', 'explain', 'timings', 'json'];

/** Adds the options of a report's page to a command. */
export function withHtmlOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--html <out>',
        'write a page: graph, source and kernels beside one another, passes, time, memory, cost; one file, which loads nothing; where no target is named, of both targets',
      ).conflicts(printing),
    )
    .option(
      '--compare <other>',
      'with --html: beside another model, a page written before, or the same model for another target',
    )
    .option(
      '--profile [json]',
      'with --html: with measured times, those that sinter profile --json wrote, or taken now',
    );
}

/** @throws UsageError for options of a page without a page */
export function requireHtml({ html, compare, profile }: HtmlOptions): void {
  if (html !== undefined) return;
  const [given] = [
    compare === undefined ? [] : ['--compare'],
    profile === undefined ? [] : ['--profile'],
  ].flat();
  if (given !== undefined)
    throw new UsageError(`${given} is of the page that --html writes: add --html report.html`);
}
