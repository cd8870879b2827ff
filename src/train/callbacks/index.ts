/** What is told how a fit goes. */
export { type BestCheckpointOptions, bestCheckpoint } from './bestCheckpoint.ts';
export { csvLog } from './csvLog.ts';
export { type EarlyStoppingOptions, earlyStopping } from './earlyStopping.ts';
export { jsonLinesLog } from './jsonLinesLog.ts';
export type { LogWriter } from './logWriter.ts';
export type { MonitorOptions } from './monitor.ts';
export { progressText } from './progressText.ts';
export { type ReduceOnPlateauOptions, reduceOnPlateau } from './reduceOnPlateau.ts';
export { type TensorBoardOptions, tensorBoard } from './tensorBoard.ts';
