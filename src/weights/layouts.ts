import type { StateSlot } from '../runtime/program.ts';

/** How a state's elements are made of tensors of a file. */
export interface Recipe {
  /** Names of tensors, each with how it becomes a part of the state; side by side along the last axis, in order. */
  readonly parts: readonly Part[];
  /** Whether parts are added up, in place of side by side: two biases that are one. */
  readonly isSum?: boolean;
}

/** One tensor of a file, as a part of a state. */
export interface Part {
  readonly name: string;
  /**
   * Only these of its elements, a half-open range in shares of the whole: of three gates the second is from 1/3 to 2/3. By `rows`, the
   * first axis, by `columns`, the last one, or of all elements in a row.
   */
  readonly share?: {
    readonly of: 'rows' | 'columns' | 'elements';
    readonly from: number;
    readonly to: number;
  };
}

/** How files of others lay weights out. */
export type Layout = 'pytorch' | 'keras';

/** Ways in which files may hold a state, the most likely first; `name` is the state's within the file. */
export function recipes(
  name: string,
  slots: readonly StateSlot[],
  state: StateSlot,
  layout?: Layout,
): Recipe[] {
  const plain: Recipe = { parts: [{ name }] };
  if (layout === undefined) return [plain];
  const has = (part: string): boolean =>
    slots.some((slot) => slot.name === state.name.replace(/[^.]+\.[^.]+$/, part));
  const others = layout === 'pytorch' ? pytorch(name, has) : keras(name, has);
  return [plain, ...others];
}

const one = (...names: readonly string[]): Recipe => ({ parts: names.map((name) => ({ name })) });

function pytorch(name: string, has: (part: string) => boolean): Recipe[] {
  return [
    ...renamed(name, [
      ['runningMean', 'running_mean'],
      ['runningVar', 'running_var'],
      // As BERT's first files call those of layer normalisation.
      ['weight', 'gamma'],
      ['bias', 'beta'],
      ['projection.weight', 'out_proj.weight'],
      ['projection.bias', 'out_proj.bias'],
    ]),
    ...attention(name, 'qkv.weight', ['in_proj_weight'], 'weight'),
    ...attention(name, 'qkv.bias', ['in_proj_bias'], 'bias'),
    ...crossAttention(name),
    ...recurrent(name, has),
  ];
}

/** Recipes under other last parts of a name. */
function renamed(name: string, pairs: readonly (readonly [ours: string, theirs: string])[]): Recipe[] {
  return pairs.flatMap(([ours, theirs]) => {
    const before = withoutEnd(name, ours);
    return before === undefined ? [] : [one(`${before}${theirs}`)];
  });
}

/** What stands before the last parts of a name, with its dot; undefined where it does not end so. */
function withoutEnd(name: string, end: string): string | undefined {
  if (name === end) return '';
  return name.endsWith(`.${end}`) ? name.slice(0, -end.length) : undefined;
}

/** Queries, keys and values in one tensor, or in three, as several libraries call them. */
function attention(name: string, ours: string, whole: readonly string[], kind: string): Recipe[] {
  const before = withoutEnd(name, ours);
  if (before === undefined) return [];
  const three = (q: string, k: string, v: string): Recipe =>
    one(...[q, k, v].map((part) => `${before}${part}`));
  return [
    ...whole.map((part) => one(`${before}${part}`)),
    three(`q_proj_${kind}`, `k_proj_${kind}`, `v_proj_${kind}`),
    three(`q_proj.${kind}`, `k_proj.${kind}`, `v_proj.${kind}`),
    three(`query.${kind}`, `key.${kind}`, `value.${kind}`),
    three(`self.query.${kind}`, `self.key.${kind}`, `self.value.${kind}`),
  ];
}

/** Attention to another sequence, whose queries have weights of their own. */
function crossAttention(name: string): Recipe[] {
  const third = (part: string, from: number, to: number): Recipe => ({
    parts: [{ name: part, share: { of: 'rows', from: from / 3, to: to / 3 } }],
  });
  const [query, both, queryBias, bothBias] = [
    withoutEnd(name, 'query.weight'),
    withoutEnd(name, 'keyValue.weight'),
    withoutEnd(name, 'query.bias'),
    withoutEnd(name, 'keyValue.bias'),
  ];
  if (query !== undefined) return [one(`${query}q_proj_weight`), one(`${query}q_proj.weight`)];
  if (both !== undefined)
    return [
      one(`${both}k_proj_weight`, `${both}v_proj_weight`),
      one(`${both}k_proj.weight`, `${both}v_proj.weight`),
      one(`${both}key.weight`, `${both}value.weight`),
    ];
  if (queryBias !== undefined)
    return [third(`${queryBias}in_proj_bias`, 0, 1), one(`${queryBias}q_proj.bias`)];
  if (bothBias !== undefined)
    return [
      third(`${bothBias}in_proj_bias`, 1, 3),
      one(`${bothBias}k_proj.bias`, `${bothBias}v_proj.bias`),
      one(`${bothBias}key.bias`, `${bothBias}value.bias`),
    ];
  return [];
}

/** `NAME.1.backward.input.weight` is `NAME.weight_ih_l1_reverse`; gates come in the same order. */
function recurrent(name: string, has: (part: string) => boolean): Recipe[] {
  const found = /^(.*?)(?:(\d+)\.)?(?:(forward|backward)\.)?(input|recurrent)\.(weight|bias)$/.exec(name);
  if (found === null) return [];
  const [, before = '', layer = '0', direction, which, kind = ''] = found;
  const tensor = (side: string): string =>
    `${before}${kind}_${side}_l${layer}${direction === 'backward' ? '_reverse' : ''}`;
  if (which === 'recurrent') return [one(tensor('hh'))];
  // Two biases that are only ever added are one here.
  if (kind === 'bias' && !has('recurrent.bias'))
    return [{ parts: [{ name: tensor('ih') }, { name: tensor('hh') }], isSum: true }];
  return [one(tensor('ih'))];
}

/** Keras's names, whose parts stand between slashes or dots. */
function keras(name: string, has: (part: string) => boolean): Recipe[] {
  const own = [
    ...renamed(name, [
      ['weight', 'kernel'],
      ['weight', 'embeddings'],
      ['weight', 'gamma'],
      ['weight', 'depthwise_kernel'],
      ['bias', 'beta'],
      ['runningMean', 'moving_mean'],
      ['runningVar', 'moving_variance'],
      ['projection.weight', 'attention_output.kernel'],
      ['projection.bias', 'attention_output.bias'],
    ]),
    ...sides(name, 'qkv.weight', 'kernel'),
    ...sides(name, 'qkv.bias', 'bias'),
    ...kerasRecurrent(name, has),
  ];
  return [one(name), ...own].flatMap((recipe) => [
    recipe,
    { ...recipe, parts: recipe.parts.map((part) => ({ ...part, name: part.name.replaceAll('.', '/') })) },
  ]);
}

function sides(name: string, ours: string, kind: string): Recipe[] {
  const before = withoutEnd(name, ours);
  return before === undefined
    ? []
    : [one(...['query', 'key', 'value'].map((part) => `${before}${part}.${kind}`))];
}

/** Weights of recurrent layers, whose gates come in the order z, r, n where they are three. */
function kerasRecurrent(name: string, has: (part: string) => boolean): Recipe[] {
  const pairs = [
    ['input.weight', 'kernel', 'gru_cell.kernel', 'lstm_cell.kernel'],
    ['recurrent.weight', 'recurrent_kernel', 'gru_cell.recurrent_kernel', 'lstm_cell.recurrent_kernel'],
    ['input.bias', 'bias', 'gru_cell.bias', 'lstm_cell.bias'],
    ['recurrent.bias', 'bias', 'gru_cell.bias', 'lstm_cell.bias'],
  ] as const;
  const isGru = has('recurrent.bias');
  return pairs.flatMap(([ours, ...theirs]) => {
    const before = withoutEnd(name, ours);
    if (before === undefined) return [];
    return theirs.map((part): Recipe => {
      if (!isGru) return one(`${before}${part}`);
      // In shares of the tensor as it lies: two rows of a bias, three gates of each row.
      const gate = (k: number): Part => ({
        name: `${before}${part}`,
        share: ours.endsWith('bias')
          ? biasShare(ours === 'input.bias' ? 0 : 1, k)
          : { of: 'columns', from: k / 3, to: (k + 1) / 3 },
      });
      return { parts: [gate(1), gate(0), gate(2)] };
    });
  });
}

/** One gate of one of two rows of biases, as a flat tensor. */
function biasShare(row: number, gate: number): NonNullable<Part['share']> {
  return { of: 'elements', from: (3 * row + gate) / 6, to: (3 * row + gate + 1) / 6 };
}
