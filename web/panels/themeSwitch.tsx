import { signal } from '@preact/signals';

type Theme = 'system' | 'light' | 'dark';

const themes = ['system', 'light', 'dark'] as const satisfies readonly Theme[];

const labels = { system: 'As the system', light: 'Light', dark: 'Dark' } satisfies Record<Theme, string>;

const icons = { system: '◐', light: '☀', dark: '☾' } satisfies Record<Theme, string>;

const theme = signal<Theme>('system');

/** A button that goes through the themes: as the system has it, light, dark. Sets `data-theme` on the root element. */
export function ThemeSwitch() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'system';
  return (
    <button
      type="button"
      class="button quiet"
      title={`Theme: ${labels[theme.value]}. Press for ${labels[next]}.`}
      onClick={() => {
        theme.value = next;
        if (next === 'system') delete document.documentElement.dataset.theme;
        else document.documentElement.dataset.theme = next;
      }}
    >
      <span aria-hidden="true">{icons[theme.value]}</span>
      <span class="visually-hidden">Theme: {labels[theme.value]}</span>
    </button>
  );
}
