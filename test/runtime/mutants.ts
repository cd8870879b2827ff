import { compile, defineModule, nn, optim } from '../../src/index.ts';

/** The kinds of programs that are spoilt. */
export const kinds = ['wasm', 'webgpu'] as const;
export type Kind = (typeof kinds)[number];

const module = defineModule('small', (m) => {
  const batch = m.size('batch', { max: 4 });
  const x = m.input('x', { shape: [batch, 2], dtype: 'f32' });
  const label = m.input('label', { shape: [batch], dtype: 'i32' });
  const rate = m.param('rate', { initial: 0.1 });
  const hidden = nn.dense(x, 3, { name: 'hidden' });
  const values = m
    .state('table', { shape: [3], init: nn.init.values([1, 2, 3]) })
    .take(label)
    .add(hidden.sum(1));
  const loss = values.square().mean();
  m.entry('train', { loss, values, updates: optim.adam({ lr: rate }).minimize(loss) });
  m.entry('predict', { values });
});

/** A program of each kind as JSON: two entries, a bounded size, an index, a run-time scalar, given values. */
export async function sound(kind: Kind): Promise<string> {
  const { program } = await compile(module, { target: kind === 'wasm' ? 'wasm' : 'webgpu-software' });
  return JSON.stringify(program);
}

const extremes: readonly unknown[] = [
  0,
  -0,
  1,
  -1,
  2,
  3,
  7,
  0.5,
  64,
  255,
  65536,
  2 ** 24,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e300,
  -1e300,
  NaN,
  Infinity,
  null,
  true,
  false,
  '',
  'toString',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'f32',
  'u8',
  'state',
  'words',
  'AAAA',
  'a\nb',
  [],
  {},
  [0],
  [[]],
  { length: 3 },
  Array(70_000).fill(1),
];

/** A program with one to three random changes: what was changed, and what it is now. The same for the same seed. */
export function mutant(json: string, seed: number): { readonly text: string; readonly program: unknown } {
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const program: unknown = JSON.parse(json);
  const texts: string[] = [];
  for (let changes = random() < 0.7 ? 1 : 1 + Math.ceil(random() * 2); changes > 0; changes--) {
    const places = placesOf(program).filter(
      ({ name }) => random() < 0.02 || !/^(code|module|relaxed|strict|nodes)$/.test(name),
    );
    const place = pick(places);
    const away = pick(places);
    if (place === undefined || away === undefined) continue;
    const { parent, name, path } = place;
    const value = Reflect.get(parent, name);
    const number = typeof value === 'number' ? value : 0;
    const ways: readonly (readonly [string, () => void])[] = [
      [
        'delete',
        () =>
          void (Array.isArray(parent)
            ? parent.splice(Number(name), 1)
            : Reflect.deleteProperty(parent, name)),
      ],
      [
        'twice',
        () =>
          void (Array.isArray(parent)
            ? parent.splice(Number(name), 0, structuredClone(value))
            : Reflect.set(parent, `${name}2`, value)),
      ],
      ['extreme', () => void Reflect.set(parent, name, pick(extremes))],
      ['extreme', () => void Reflect.set(parent, name, pick(extremes))],
      ['near', () => void Reflect.set(parent, name, number + (pick([1, -1, 4, 64, -64]) ?? 0))],
      ['scaled', () => void Reflect.set(parent, name, number * (pick([2, 0.5, -1, 1000]) ?? 0))],
      [
        'of elsewhere',
        () => void Reflect.set(parent, name, structuredClone(Reflect.get(away.parent, away.name))),
      ],
      [
        'swapped',
        () => {
          Reflect.set(parent, name, structuredClone(Reflect.get(away.parent, away.name)));
          Reflect.set(away.parent, away.name, value);
        },
      ],
      ['turned', () => void (Array.isArray(value) && value.reverse())],
      [
        'cut',
        () =>
          void (
            typeof value === 'string' &&
            Reflect.set(parent, name, value.slice(0, Math.floor(random() * value.length)))
          ),
      ],
    ];
    const [way = '', change] = pick(ways) ?? [];
    try {
      change?.();
    } catch {
      // A change of the one that puts a part into itself.
    }
    texts.push(`${path} ${way} ${away.path}`);
  }
  return { text: texts.join('; '), program };
}

interface Place {
  readonly parent: object;
  readonly name: string;
  readonly path: string;
}

function placesOf(parent: unknown, path = 'program', depth = 0): Place[] {
  if (typeof parent !== 'object' || parent === null || depth > 8) return [];
  return Object.keys(parent)
    .slice(0, 50)
    .flatMap((name) => [
      { parent, name, path: `${path}.${name}` },
      ...placesOf(Reflect.get(parent, name), `${path}.${name}`, depth + 1),
    ]);
}

/** Numbers in [0, 1) of a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
