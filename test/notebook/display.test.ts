import { describe, expect, test } from 'vitest';
import { compile, defineModule, History, htmlOf, nn, optim, type Tensor } from '../../src/index.ts';

let hidden: Tensor | undefined;
const module = defineModule('<img src=x onerror=alert(1)>', (m) => {
  const batch = m.size('batch', { max: 8 });
  const x = m.input('x', { shape: [batch, 4] });
  hidden = nn.dense(x, 3, { activation: 'relu', name: 'hidden<b>&"' });
  const loss = hidden.square().mean();
  m.entry('train', { loss, updates: optim.adam({ lr: 0.1 }).minimize(loss) });
  m.entry('predict', { hidden, loss });
});
const compiled = await compile(module, { target: 'wasm' });

/** What Deno's kernel for Jupyter asks of a value that a cell gives, as it does: by `in`, of an object. */
async function displayed(value: unknown): Promise<Readonly<Record<string, string>>> {
  const name = Symbol.for('Jupyter.display');
  if (typeof value !== 'object' || value === null || !(name in value)) throw new TypeError('no display');
  const ask: unknown = Reflect.get(value, name);
  if (typeof ask !== 'function') throw new TypeError('its display is not a function');
  return ask.call(value);
}

/** The text of HTML whose styles nobody reads, with its characters as they are. */
function textOf(html: string): string {
  return html
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, ' ')
    .trim();
}

describe('a cell of a notebook shows', () => {
  test('a tensor by its type, operation, operands, name and line', async () => {
    const { 'text/html': html, 'text/plain': text } = await displayed(hidden);
    expect(textOf(html ?? '')).toMatch(
      /^Tensor hidden<b>&" : f32\[batch<=8, 3\] operation relu of add declared at display\.test\.ts:8$/,
    );
    expect(text).toMatch(/^Tensor relu \[batch<=8, 3\] f32/);
  });

  test('a module by its inputs, states and entries', async () => {
    const text = textOf(await htmlOf(module));
    expect(text).toContain('batch ≤ 8 Inputs name type x f32[batch<=8, 4] lr f32[] run-time scalar');
    expect(text).toContain('with 15 parameters to train');
    expect(text).toMatch(/Entries name outputs updates train loss 8 predict hidden, loss$/);
  });

  test('a compiled program by what its dispatches compute', async () => {
    const { 'text/html': html, 'text/plain': text } = await displayed(compiled);
    expect(textOf(html ?? '')).toMatch(/for wasm 15 parameters to train, \d kernels?, memory/);
    expect(textOf(html ?? '')).toMatch(/train: \d dispatch(es)? a step/);
    expect(textOf(html ?? '')).toContain(' = relu(x · hidden<b>&".weight + hidden<b>&".bias)');
    expect(text).toBe(compiled.summary().trimEnd());
  });

  test('a history of training by its curves and epochs', async () => {
    const epoch = {
      epoch: 1,
      steps: 2,
      samples: 16,
      loss: 0.5,
      scalars: { loss: 0.5 },
      params: {},
      seconds: 1,
    };
    const history = new History([epoch, { ...epoch, epoch: 2, loss: 0.25 }]);
    const { 'text/html': html, 'text/plain': text } = await displayed(history);
    expect(html).toContain('<svg');
    expect(textOf(html ?? '')).toMatch(/^History of 2 epochs .* \*2 0\.2500 1\.00 s 1 0\.5000 1\.00 s$/);
    expect(text).toBe(history.toString());
    expect(textOf(await htmlOf(new History()))).toBe('History of 0 epochs');
  });
});

describe('htmlOf shows what a session gave', () => {
  test('numbers in a table, of arrays the first rows and what they are like', async () => {
    const session = await compiled.start({ seed: 1, threads: 1 });
    const values = await session.run('predict', {
      x: Float32Array.from({ length: 32 }, (_, k) => Math.sin(k)),
    });
    const text = textOf(await htmlOf(values));
    expect(text).toMatch(/^2 values loss \d\.\d+ hidden: f32\[8, 3\], from 0 to \S+, mean \S+( \S+){24}$/);
    await session.dispose();
  });

  test('NaN, infinities, what is long, what is empty, and what is not numbers', async () => {
    const shown = async (value: unknown): Promise<string> => textOf(await htmlOf(value));
    expect(await shown(new Float32Array([1, Number.NaN, Number.NEGATIVE_INFINITY]))).toBe(
      'f32[3] from -Infinity to 1, mean -Infinity, 1 NaN 1 NaN -Infinity',
    );
    expect(await shown(new Int32Array(100))).toBe('i32[100] from 0 to 0, mean 0 0 0 0 0 0 0 0 0 0 0 …');
    expect(await shown({ shape: [0, 3], data: new Float32Array() })).toBe('f32[0, 3] empty');
    expect(await shown({ scalars: { loss: 0.5 }, samples: 12, note: null })).toBe(
      '3 values scalars.loss 0.5000 samples 12 note null',
    );
    expect(await shown('<b>')).toBe('<b>');
    expect(await shown(undefined)).toBe('undefined');
    const circle: Record<string, unknown> = { x: 1 };
    circle.self = circle;
    expect(await shown(circle)).toContain('self.self.self.x 1');
  });
});

test('text of a model is no markup in a display, and turns no direction of writing', async () => {
  const all = [hidden, module, compiled, { '<script>': 1, '\u202e': '</div>' }];
  for (const html of await Promise.all(all.map(htmlOf))) {
    expect(html).not.toMatch(/<(img|b|script)\b/);
    expect(html).not.toContain('\u202e');
    expect(html.match(/<\/div>$/g)).toHaveLength(1);
  }
});

test('what shows an object is not part of its data', () => {
  expect(Object.getOwnPropertySymbols({ ...module })).toEqual([]);
});
