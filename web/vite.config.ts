import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { editorTypes } from './build/editorTypes.ts';
import { dataOfExamples } from './build/siteData.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Threads of WebAssembly share memory on pages that are served with these alone. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** The playground: served while one works on it, and built as files that any host serves from any folder. */
export default defineConfig({
  root: path('playground'),
  base: './',
  plugins: [dataOfExamples(), editorTypes()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: {
    alias: [
      { find: /^sinter$/, replacement: path('../src/index.ts') },
      { find: /^sinter\/data$/, replacement: path('../src/data/index.ts') },
      { find: /^sinter\/weights$/, replacement: path('../src/weights/index.ts') },
    ],
  },
  worker: { format: 'es' },
  server: { headers: isolation, fs: { allow: [path('..')] } },
  preview: { headers: isolation },
  build: {
    outDir: path('site'),
    emptyOutDir: true,
    target: 'es2023',
    // TypeScript is one file of 3.5 MB, which the editor's worker loads once the page stands.
    chunkSizeWarningLimit: 4000,
    // Declarations, digits and workers are made by plugins: that most of the time is theirs says nothing.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
});
