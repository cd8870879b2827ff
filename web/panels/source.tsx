import { useSignal, useSignalEffect } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { Code } from './code.tsx';
import { linesOfFile } from './fileLines.ts';
import { pick } from './select.ts';
import type { PanelProps } from './selection.ts';
import { Tabs, tabPanel } from './tabs.tsx';

/** The user's source, a tab for each file: a line lights up with what it became, and the other way round. */
export function Source({ look, selection }: PanelProps) {
  const { files } = look;
  const shown = useSignal(files[0]?.name ?? '');
  useSignalEffect(() => {
    const { lines } = selection.lit.value;
    if (lines.size > 0 && !lines.has(shown.peek())) {
      const lit = files.find(({ name }) => lines.has(name));
      if (lit !== undefined) shown.value = lit.name;
    }
  });
  const file = files.find(({ name }) => name === shown.value) ?? files[0];
  const lines = useMemo(
    () => linesOfFile(look, selection, file?.name ?? ''),
    [look, selection.entry.value, selection.lit.value, selection.picked.value, selection.second.value, file],
  );
  if (file === undefined)
    return (
      <p class="empty">
        The source of this model is not at hand: its files were not found, or the module was read from text.
      </p>
    );
  return (
    <>
      {files.length > 1 && (
        <Tabs
          name="file"
          label="Files"
          tabs={files.map(({ name }) => ({ id: name, title: name }))}
          chosen={file.name}
          choose={(name) => {
            shown.value = name;
          }}
        />
      )}
      <div class="fill" {...(files.length > 1 ? tabPanel('file', file.name) : {})}>
        <Code
          text={file.text}
          language="typescript"
          label={`Source, ${file.name}: Enter picks a line`}
          lines={lines}
          onPick={(line, event) => pick(selection, { kind: 'line', file: file.name, line }, event)}
        />
      </div>
    </>
  );
}
