import { ThemeSwitch } from '../../panels/themeSwitch.tsx';
import type { Desk, Target } from './desk.ts';
import { Share } from './share.tsx';

const targets = { auto: 'Fastest here', webgpu: 'WebGPU', wasm: 'WebAssembly' } satisfies Record<
  Target,
  string
>;

/** The page's name, what is on the desk, and what it runs on. */
export function Header({ desk }: { readonly desk: Desk }) {
  return (
    <header class="top">
      <h1>
        Sinter <span>playground</span>
      </h1>
      <div class="top-choices">
        <label class="choice">
          <span>Example</span>
          <select
            class="select"
            value={desk.example.value.name}
            onChange={({ currentTarget }) => desk.choose(currentTarget.value)}
          >
            {desk.examples.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label class="choice">
          <span>Runs on</span>
          <select
            class="select"
            value={desk.target.value}
            onChange={({ currentTarget }) => {
              const { value } = currentTarget;
              if (value === 'auto' || value === 'webgpu' || value === 'wasm') desk.setTarget(value);
            }}
          >
            {Object.entries(targets).map(([target, title]) => (
              <option key={target} value={target}>
                {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="top-tools">
        <button
          type="button"
          class="button to-look"
          onClick={() => document.querySelector('#look')?.scrollIntoView({ block: 'start' })}
        >
          Look inside
        </button>
        <Share desk={desk} />
        <ThemeSwitch />
      </div>
    </header>
  );
}
