import { InputError } from '../runtime/issues.ts';

/** As a value of an epoch is monitored: whether less or more of it is better. */
export type Mode = 'min' | 'max';

/** Words of names of which more is better, one or two of a name written together. */
const scores = new Set([
  ...[
    'acc',
    'accuracy',
    'right',
    'correct',
    'top',
    'topk',
    'hits',
    'hitrate',
    'score',
    'precision',
    'recall',
  ],
  ...['f1', 'auc', 'auroc', 'ap', 'iou', 'jaccard', 'dice', 'mcc', 'kappa', 'sensitivity', 'specificity'],
  ...['r2', 'rsquared', 'bleu', 'rouge', 'ndcg', 'mrr', 'psnr', 'ssim', 'reward'],
]);

/** Words of names of which less is better. */
const losses = new Set([
  ...[
    'loss',
    'cost',
    'error',
    'errors',
    'wrong',
    'mse',
    'rmse',
    'mae',
    'mape',
    'entropy',
    'crossentropy',
    'bce',
  ],
  ...['nll', 'perplexity', 'divergence', 'kl', 'deviance', 'brier', 'wer', 'cer', 'fid', 'regret'],
]);

/**
 * Whether less or more of a value is better, as its name says: the last of its words, in camel or snake case, that is known.
 * Less of losses and errors is, more of accuracies and other scores is. Numbers do not count: `top5` is as `top`.
 *
 * @throws InputError `missing` where no word of it is known
 */
export function modeOf(monitor: string): Mode {
  const words = monitor
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/);
  for (let k = words.length - 1; k >= 0; k--) {
    const word = words[k] ?? '';
    for (const known of [(words[k - 1] ?? '') + word, word, word.replace(/\d+$/, '')]) {
      if (losses.has(known)) return 'min';
      if (scores.has(known)) return 'max';
    }
  }
  throw new InputError(
    'missing',
    'mode',
    `the name ${monitor} does not say whether less or more is better: give 'min' or 'max'`,
  );
}
