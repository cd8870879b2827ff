/** WebGPU's flags by their values: Node has no such globals. */
export const MAP_READ = 1 | 8;
export const COPY = 4 | 8;
export const UNIFORM = 64;
export const STORAGE = 128;
export const COMPUTE = 4;
