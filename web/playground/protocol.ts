import type { Look } from '../../src/inspect/look.ts';

/** What the page asks of its worker. */
export type Ask =
  /**
   * Compiles a model, the text of a TypeScript file that exports a module, and starts it; what ran before ends once this one
   * has compiled. `example` says which data it trains on.
   */
  | {
      readonly kind: 'open';
      readonly example: string;
      readonly source: string;
      readonly target: 'auto' | 'webgpu' | 'wasm';
    }
  | { readonly kind: 'train' }
  | { readonly kind: 'pause' }
  /** A run-time scalar, as a learning rate: from the next step on. Nothing is compiled again. */
  | { readonly kind: 'param'; readonly name: string; readonly value: number }
  /**
   * What a person made: a drawn digit of 28 × 28 values from 0 to 1, or the beginning of a text; or, for one who cannot draw,
   * the next digit of the test set that is `digit`, 0 to 9. What comes of it are views.
   */
  | {
      readonly kind: 'try';
      readonly pixels?: Float32Array;
      readonly text?: string;
      readonly digit?: number;
    }
  | { readonly kind: 'save' }
  /**
   * Weights of a file, or a state that was `kept`, with which training goes on where that stood. Nothing is half loaded. A `Blob`
   * is read in parts: of one that is not of this model, however large, little more than its header.
   */
  | { readonly kind: 'load'; readonly name: string; readonly file: Uint8Array | Blob }
  /** Frees the device. */
  | { readonly kind: 'close' };

/** What the worker tells. */
export type Tell =
  | { readonly kind: 'progress'; readonly doing: string; readonly part?: number }
  | {
      readonly kind: 'opened';
      readonly look: Look;
      /** What runs it, and why it is not WebGPU where it is not. */
      readonly target: 'webgpu' | 'wasm';
      readonly device: string;
      readonly note?: string;
      readonly params: readonly { readonly name: string; readonly value: number }[];
      /** The entry that trains, and microseconds of its step by the model of time. */
      readonly entry: string;
      readonly predictedMicros: number;
      /** What a person may make for it. */
      readonly tries: 'digit' | 'text' | 'nothing';
    }
  /** What is wrong, with its place in the source where it has one; lines and columns count from 1. What ran before goes on. */
  | {
      readonly kind: 'error';
      readonly message: string;
      readonly line?: number;
      readonly column?: number;
    }
  | { readonly kind: 'running'; readonly running: boolean }
  | {
      readonly kind: 'steps';
      /** Steps that were trained in all. */
      readonly step: number;
      readonly epoch: number;
      /** Mean losses of slices of steps, those since the last word in order: a device takes many steps in one go. */
      readonly losses: Float32Array;
      /** The step, counted in all, that each slice ended with: as many as `losses`. */
      readonly at: Float64Array;
      /** Others by name, `accuracy`, `test accuracy`: those that were measured since the last word. */
      readonly metrics: Readonly<Record<string, number>>;
      readonly stepsPerSecond: number;
      /** Microseconds of a step by the clock. */
      readonly measuredMicros: number;
    }
  /** Each replaces the view of its title, or stands behind the others where there is none; `opened` begins again without any. */
  | { readonly kind: 'views'; readonly views: readonly View[] }
  /**
   * All that training goes on with, every few seconds, and before another model is opened: for another worker to `load`, where
   * this one has to be ended.
   */
  | { readonly kind: 'kept'; readonly step: number; readonly name: string; readonly bytes: Uint8Array }
  /** The device went away; training goes on elsewhere from the last state that was kept. */
  | {
      readonly kind: 'lost';
      readonly reason: string;
      readonly step: number;
      readonly target: 'webgpu' | 'wasm';
    }
  | { readonly kind: 'saved'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: 'loaded'; readonly name: string; readonly step: number }
  | { readonly kind: 'closed' };

/** An example, as the page offers it: `examples/list.ts` exports all, the first of which is open at the beginning. */
export interface Example {
  /** As `open` takes it and links hold it: `mnist-mlp`. */
  readonly name: string;
  readonly title: string;
  /** A sentence of what it learns, and what one sees. */
  readonly about: string;
  /** The text of its model's file. */
  readonly source: string;
}

/** What a page draws of a network: plain numbers. */
export type View =
  | {
      readonly kind: 'images';
      readonly title: string;
      /** Signed values are drawn around 0, others from their least to their largest. */
      readonly signed: boolean;
      readonly images: readonly {
        readonly width: number;
        readonly height: number;
        readonly values: Float32Array;
        readonly label?: string;
      }[];
    }
  | {
      readonly kind: 'points';
      readonly title: string;
      readonly x: Float32Array;
      readonly y: Float32Array;
      /** The class of each, and what classes are called where that is not their number. */
      readonly classes?: Uint8Array;
      readonly classNames?: readonly string[];
      readonly labels?: readonly string[];
      /** What the network says of the plane behind the points: from the lower left, row by row, from 0 to 1. */
      readonly field?: { readonly width: number; readonly height: number; readonly values: Float32Array };
      /** Where the plane ends: left, right, bottom, top. */
      readonly range: readonly [number, number, number, number];
    }
  | { readonly kind: 'text'; readonly title: string; readonly text: string }
  /** How likely each of some answers is. */
  | {
      readonly kind: 'bars';
      readonly title: string;
      readonly bars: readonly { readonly label: string; readonly value: number }[];
    };
