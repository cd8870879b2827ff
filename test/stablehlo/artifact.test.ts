import { describe, expect, test } from 'vitest';
import { compile, defineModule, nn, optim } from '../../src/index.ts';
import { stableHloArtifact } from '../../src/stablehlo/index.ts';

const digits = defineModule('digits', (m) => {
  const batch = m.size('batch', { max: 4 });
  const x = m.input('x', { shape: [batch, 3], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const logits = nn.dense(x.cast('f32'), 2, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  m.entry('Train', { loss, updates: optim.sgd({ lr: 0.1, momentum: 0.9 }).minimize(loss) });
  m.entry('train', { pairs: logits.reshape([-1]), step: m.step() });
});

describe('the artifact of a module', () => {
  const { manifest, files } = stableHloArtifact(digits, { seed: 5, producer: 'sinter test' });

  test('says in its manifest what entries take and return, in order', () => {
    expect(manifest).toMatchInlineSnapshot(`
      {
        "entries": [
          {
            "arguments": [
              {
                "donated": true,
                "kind": "state",
                "name": "output.weight",
              },
              {
                "donated": true,
                "kind": "state",
                "name": "output.bias",
              },
              {
                "donated": true,
                "kind": "state",
                "name": "output.weight.momentum",
              },
              {
                "donated": true,
                "kind": "state",
                "name": "output.bias.momentum",
              },
              {
                "kind": "input",
                "name": "x",
              },
              {
                "kind": "input",
                "name": "y",
              },
              {
                "kind": "param",
                "name": "lr",
              },
              {
                "kind": "size",
                "name": "batch",
              },
            ],
            "file": "Train.mlir",
            "name": "Train",
            "results": [
              {
                "dtype": "f32",
                "kind": "state",
                "name": "output.weight",
                "shape": [
                  3,
                  2,
                ],
              },
              {
                "dtype": "f32",
                "kind": "state",
                "name": "output.bias",
                "shape": [
                  2,
                ],
              },
              {
                "dtype": "f32",
                "kind": "state",
                "name": "output.weight.momentum",
                "shape": [
                  3,
                  2,
                ],
              },
              {
                "dtype": "f32",
                "kind": "state",
                "name": "output.bias.momentum",
                "shape": [
                  2,
                ],
              },
              {
                "dtype": "f32",
                "kind": "output",
                "name": "loss",
                "shape": [],
              },
            ],
          },
          {
            "arguments": [
              {
                "kind": "state",
                "name": "output.weight",
              },
              {
                "kind": "state",
                "name": "output.bias",
              },
              {
                "kind": "input",
                "name": "x",
              },
              {
                "kind": "param",
                "name": "step",
              },
              {
                "kind": "size",
                "name": "batch",
              },
            ],
            "file": "train_2.mlir",
            "name": "train",
            "results": [
              {
                "dtype": "f32",
                "kind": "output",
                "name": "pairs",
                "shape": [
                  {
                    "factor": 2,
                    "size": "batch",
                  },
                ],
              },
              {
                "dtype": "i32",
                "kind": "output",
                "name": "step",
                "shape": [],
              },
            ],
          },
        ],
        "format": "sinter-stablehlo",
        "inputs": [
          {
            "dtype": "u8",
            "name": "x",
            "shape": [
              {
                "size": "batch",
              },
              3,
            ],
          },
          {
            "below": 2,
            "dtype": "i32",
            "name": "y",
            "shape": [
              {
                "size": "batch",
              },
            ],
          },
        ],
        "mesh": null,
        "module": "digits",
        "params": [
          {
            "dtype": "f32",
            "initial": 0.1,
            "name": "lr",
          },
          {
            "dtype": "i32",
            "initial": 1,
            "name": "step",
          },
        ],
        "producer": "sinter test",
        "sizes": [
          {
            "max": 4,
            "name": "batch",
          },
        ],
        "states": [
          {
            "dtype": "f32",
            "name": "output.weight",
            "shape": [
              3,
              2,
            ],
            "trainable": true,
          },
          {
            "dtype": "f32",
            "name": "output.bias",
            "shape": [
              2,
            ],
            "trainable": true,
          },
          {
            "dtype": "f32",
            "name": "output.weight.momentum",
            "shape": [
              3,
              2,
            ],
            "trainable": false,
          },
          {
            "dtype": "f32",
            "name": "output.bias.momentum",
            "shape": [
              2,
            ],
            "trainable": false,
          },
        ],
        "version": 1,
        "weights": "weights.safetensors",
      }
    `);
  });

  test('has a file for each entry whose name no other has, whatever the file system makes of capitals', () => {
    expect([...files.keys()]).toEqual(['manifest.json', 'Train.mlir', 'train_2.mlir', 'weights.safetensors']);
    expect(JSON.parse(new TextDecoder().decode(files.get('manifest.json')))).toEqual(manifest);
  });

  test('has the first values that a session of the seed has', async () => {
    const session = await (await compile(digits, { target: 'wasm' })).start({ seed: 5, threads: 1 });
    expect(files.get('weights.safetensors')).toEqual(await session.save());
    session.dispose();
  });

  test('refuses options that there are not, seeds that are not, and weights of another module', () => {
    const other = defineModule('other', (m) => {
      m.entry('run', { y: m.state('another', { shape: [2] }).exp() });
    });
    const refused = (options: object): (() => unknown) => {
      return () => stableHloArtifact(digits, options);
    };
    const weights = stableHloArtifact(other).files.get('weights.safetensors');
    expect(refused({ weights })).toThrow(
      /^saved\.output\.weight: expected .*"shape":\[3,2\].* found undefined$/,
    );
    expect(refused({ weights: new Uint8Array(3) })).toThrow(/expected bytes that save\(\) made/);
    expect(refused({ seed: 0.5 })).toThrow('seed is 0.5: it must be a whole number of 32 bits');
    expect(refused({ weight: weights })).toThrow('there is no option "weight" (did you mean "weights"?)');
  });
});
