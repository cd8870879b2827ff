/** Rows of the data: not a multiple of the model's batch. */
const ROWS = 100;

/** Features of a row. */
export const FEATURES = 24;

/**
 * What pages and Node train on, the same to the last bit: quotients of integers, as engines differ in their sines.
 * It imports nothing, so that a page may hold it without the compiler.
 */
export const data = {
  x: Float32Array.from({ length: ROWS * FEATURES }, (_, k) => ((k * k) % 1009) / 504 - 1),
  y: Int32Array.from({ length: ROWS }, (_, k) => (k * 7) % 3),
};
