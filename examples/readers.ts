/**
 * Readers of digits, which share the layers that see and differ in the layer that decides: a network that learns much from
 * many digits, and later others, or another hand, from few.
 */
import { defineModule, metrics, nn, optim, type Tensor } from 'sinter';

/** Rows of a step, at most. */
export const BATCH = 64;

/** What a reader is to learn. */
export interface Reading {
  readonly name: string;
  /** Digits that it tells apart: labels are 0 to `classes` - 1. */
  readonly classes: number;
  /** Whether it keeps its convolutions as they are. */
  readonly frozen: boolean;
  /** The learning rate, or one by the step. */
  readonly lr: number | optim.Schedule;
}

/** Two convolutions with pooling, `features`, and two dense layers, `classifier`. Inputs are 28 × 28 pixels and labels. */
export function reader({ name, classes, frozen, lr }: Reading) {
  return defineModule(name, (m) => {
    const batch = m.size('batch', { max: BATCH });
    const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
    const y = m.input('y', { shape: [batch], dtype: 'i32' });
    const halved = (h: Tensor): Tensor => nn.maxPool2d(h, 2);
    const features = nn.sequential(
      [
        nn.conv2d(8, 3, { padding: 'same', activation: 'relu' }),
        halved,
        nn.conv2d(16, 3, { padding: 'same', activation: 'relu' }),
        halved,
      ],
      { name: 'features', trainable: !frozen },
    );
    const classifier = nn.sequential([nn.dense(64, { activation: 'relu' }), nn.dense(classes)], {
      name: 'classifier',
    });
    const pixels = x.cast('f32').div(255).reshape([batch, 1, 28, 28]);
    const logits = classifier(features(pixels).reshape([batch, 16 * 7 * 7]));
    const loss = nn.crossEntropy(logits, y);
    const updates = optim.adam({ lr }).minimize(loss);
    const accuracy = metrics.accuracy(logits, y);
    const train = m.entry('train', { loss, accuracy, updates }, { inputs: [x, y] });
    const evaluate = m.entry('evaluate', { loss, accuracy }, { inputs: [x, y] });
    const predict = m.entry(
      'predict',
      { label: logits.argmax(1), shares: logits.softmax(1) },
      { inputs: [x] },
    );
    return { train, evaluate, predict };
  });
}
