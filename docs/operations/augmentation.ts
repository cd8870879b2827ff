import { section } from './row.ts';

export const augmentation = section(
  'Augmentation',
  'Samples that are changed at random, each by itself, others at each step; `evaluation` gives x itself. Bytes come out as f32. Channels first, or last by `layout`. Without x each is a function, except `mixUp`.',
  `
augment.flip(x) ¦ x, or mirrored, with a probability ¦ [b, c, h, w] → [b, c, h, w] ¦ c mirrored back ¦ ¦ torchvision RandomHorizontalFlip ¦
augment.shift(x, most) ¦ moved by whole rows and columns, evenly ¦ [b, c, h, w] → [b, c, h, w] ¦ c moved back ¦ zeros, another number or the nearest element come in ¦ ¦
augment.crop(x, size) ¦ a part at any place of the padded image, evenly ¦ [b, c, h, w] → [b, c, …size] ¦ c at its place ¦ the middle in evaluation ¦ torchvision RandomCrop ¦
augment.rotate(x, degrees) ¦ turned around the middle, evenly ¦ [b, c, h, w] → [b, c, h, w] ¦ as of gridSample ¦ zeros, border or reflection outside ¦ torchvision RandomRotation ¦
augment.scale(x, [low, high]) ¦ enlarged around the middle, evenly ¦ [b, c, h, w] → [b, c, h, w] ¦ as of gridSample ¦ zeros, border or reflection outside ¦ torchvision RandomAffine ¦
augment.cutout(x, size) ¦ fill in a rectangle around any element, else x ¦ [b, c, h, w] → [b, c, h, w] ¦ c outside of it ¦ ¦ torchvision RandomErasing ¦
augment.noise(x, deviation) ¦ x + deviation · a normal number for each element ¦ […] → […] ¦ c ¦ ¦ torchvision GaussianNoise ¦
augment.brightness(x, most) ¦ x + one number for each sample, evenly ¦ [b, …] → [b, …] ¦ c ¦ nothing is clamped ¦ ¦
augment.contrast(x, most) ¦ (x - mean) f + mean by channel, f evenly around 1 ¦ [b, c, h, w] → [b, c, h, w] ¦ as of its pieces ¦ nothing is clamped ¦ ¦
augment.mixUp(x, labels) ¦ share x + (1 - share) other, and so of labels; the share is Beta(alpha, alpha) ¦ [b, …], [b] → { x, target } of [b, …], [b, classes] ¦ as of its pieces ¦ the other is of the live batch ¦ torchvision MixUp ¦
`,
);
