import { section } from './row.ts';

export const optimizers = section(
  'Optimizers',
  'Each gives updates, which an entry takes: `minimize(loss, { wrt, clipGlobalNorm })`, or `update(states, gradients)`. Moments are states beside the weights. g is the gradient.',
  `
optim.sgd(options) ¦ w - lr g; with momentum v ← m v + g ¦ updates of states ¦ none ¦ Nesterov’s too; rows that were looked up alone ¦ optim.SGD ¦ optax.sgd
optim.adam(options) ¦ w - lr m̂ / (√v̂ + eps) ¦ updates of states ¦ none ¦ ¦ optim.Adam ¦ optax.adam
optim.adamw(options) ¦ adam, and w - lr decay w ¦ updates of states ¦ none ¦ ¦ optim.AdamW ¦ optax.adamw
optim.adamax(options) ¦ w - lr m̂ / u, u ← max(β₂ u, |g|) ¦ updates of states ¦ none ¦ ¦ optim.Adamax ¦ optax.adamax
optim.rmsprop(options) ¦ w - lr g / (√v + eps) ¦ updates of states ¦ none ¦ ¦ optim.RMSprop ¦ optax.rmsprop
optim.adagrad(options) ¦ w - lr g / (√Σ g² + eps) ¦ updates of states ¦ none ¦ rows that were looked up alone ¦ optim.Adagrad ¦ optax.adagrad
optim.adafactor(options) ¦ second moments as rows times columns ¦ updates of states ¦ none ¦ ¦ optim.Adafactor ¦ optax.adafactor
optim.lion(options) ¦ w - lr sign(β₁ m + (1 - β₁) g) ¦ updates of states ¦ none ¦ ¦  ¦ optax.lion
optim.muon(options) ¦ w - lr of the nearest orthogonal matrix of the momentum ¦ updates of states ¦ none ¦ matrices alone ¦ optim.Muon ¦ optax.contrib.muon
optim.optimizer(op, options, rule) ¦ a rule of one’s own ¦ updates of states ¦ none ¦ ¦ optim.Optimizer ¦ optax.GradientTransformation
optim.accumulate(optimizer, options) ¦ one update of n steps’ mean gradient ¦ updates of states ¦ none ¦ ¦  ¦ optax.MultiSteps
optim.ema(options) ¦ decay average + (1 - decay) w ¦ updates of states ¦ none ¦ the first update copies ¦ optim.swa_utils.AveragedModel ¦ optax.ema
optim.clipByGlobalNorm(gradients, norm) ¦ g min(1, norm / |g|) ¦ those of g ¦ as of its pieces ¦ ¦ nn.utils.clip_grad_norm_ ¦ optax.clip_by_global_norm
optim.globalNorm(gradients) ¦ √Σ g² ¦ → [] ¦ as of its pieces ¦ ¦  ¦ optax.global_norm
`,
);

export const schedules = section(
  'Learning rates',
  'Functions of the number of the step, computed on the device; any function of it is one.',
  `
optim.schedule.constant(lr) ¦ lr ¦ [] → [] ¦ none ¦ ¦ lr_scheduler.ConstantLR ¦ optax.constant_schedule
optim.schedule.step(options) ¦ lr gammaᵏ, k = ⌊t / every⌋ ¦ [] → [] ¦ none ¦ ¦ lr_scheduler.StepLR ¦
optim.schedule.multiStep(options) ¦ lr gammaᵏ, k milestones passed ¦ [] → [] ¦ none ¦ ¦ lr_scheduler.MultiStepLR ¦ optax.piecewise_constant_schedule
optim.schedule.exponential(options) ¦ lr gammaᵗ ¦ [] → [] ¦ none ¦ ¦ lr_scheduler.ExponentialLR ¦ optax.exponential_decay
optim.schedule.polynomial(options) ¦ lr (1 - t / steps)ᵖ ¦ [] → [] ¦ none ¦ ¦ lr_scheduler.PolynomialLR ¦ optax.polynomial_schedule
optim.schedule.cosine(options) ¦ half a cosine down, and again ¦ [] → [] ¦ none ¦ ¦ lr_scheduler.CosineAnnealingLR ¦ optax.cosine_decay_schedule
optim.schedule.oneCycle(options) ¦ up, and down below where it began ¦ [] → [] ¦ none ¦ ¦ lr_scheduler.OneCycleLR ¦ optax.cosine_onecycle_schedule
optim.schedule.piecewise(points) ¦ linear between points ¦ [] → [] ¦ none ¦ ¦  ¦ optax.linear_schedule
optim.schedule.warmup(options) ¦ linear up to another schedule ¦ [] → [] ¦ none ¦ ¦ lr_scheduler.LinearLR ¦ optax.warmup_cosine_decay_schedule
`,
);
