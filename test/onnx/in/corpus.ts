import { convolutional, floats, input, node, type Parts, whole } from './files.ts';

const one = (
  op: string,
  shapes: readonly (readonly number[])[],
  attributes = {},
  more: readonly ReturnType<typeof whole>[] = [],
): Parts => {
  const names = shapes.map((_, k) => `x${k}`);
  return {
    inputs: shapes.map((shape, k) => input(`x${k}`, shape)),
    outputs: ['y'],
    initializers: more,
    nodes: [node(op, [...names, ...more.map(({ name }) => name)], ['y'], attributes)],
  };
};

/** Models of all kinds of operators, which files of tests are changed ones of. */
export const corpus: readonly Parts[] = [
  convolutional,
  one('Add', [[2, 3], [3]]),
  one('Clip', [[4]], {}, [floats('low', [], [-1]), floats('high', [], [1])]),
  one('Softmax', [[2, 3]], { axis: -1 }),
  one('ReduceSum', [[2, 3, 4]], { keepdims: 0 }, [whole('axes', [1])]),
  one('CumSum', [[2, 3]], {}, [whole('axis', [1], [])]),
  one('TopK', [[2, 5]], { axis: 1 }, [whole('k', [2])]),
  one('Reshape', [[2, 6]], {}, [whole('shape', [3, -1])]),
  one('Transpose', [[2, 3, 4]], { perm: [2, 0, 1] }),
  one('Expand', [[1, 3]], {}, [whole('shape', [2, 3])]),
  one('Tile', [[2, 3]], {}, [whole('repeats', [2, 1])]),
  one('Slice', [[4, 5]], {}, [
    whole('starts', [3, 0]),
    whole('ends', [-9, 4]),
    whole('axes', [0, 1]),
    whole('steps', [-1, 2]),
  ]),
  one('Pad', [[2, 3]], { mode: 'reflect' }, [whole('pads', [0, 1, 1, 2])]),
  one('Gather', [[4, 3]], { axis: 0 }, [whole('indices', [3, -1])]),
  one('GatherND', [[2, 3]], {}, [whole('indices', [0, 1, 1, 2], [2, 2])]),
  one('ScatterND', [[4, 2]], {}, [whole('indices', [1, 3], [2, 1]), floats('updates', [2, 2], [1, 2, 3, 4])]),
  one('ConvTranspose', [[1, 2, 4, 4]], { strides: [2, 2], output_padding: [1, 1], group: 1 }, [
    floats(
      'w',
      [2, 1, 3, 3],
      Array.from({ length: 18 }, (_, k) => k),
    ),
  ]),
  one('AveragePool', [[1, 2, 6, 6]], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 }),
  one('LayerNormalization', [[2, 4], [4], [4]], { axis: -1, epsilon: 1e-5 }),
  one('Resize', [[1, 1, 3, 3]], { mode: 'cubic' }, [
    floats('roi', [0], []),
    floats('scales', [4], [1, 1, 2, 2]),
  ]),
  one(
    'Einsum',
    [
      [2, 3],
      [3, 4],
    ],
    { equation: 'ij,jk->ik' },
  ),
  one('DepthToSpace', [[1, 8, 2, 2]], { blocksize: 2 }),
  one('OneHot', [[3]], { axis: -1 }, [whole('depth', [4], []), floats('values', [2], [0, 1])]),
  one('Trilu', [[3, 3]], { upper: 0 }),
  one(
    'Attention',
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    { is_causal: 1 },
  ),
  one('Loop', [[2]]),
];
