import { TILE } from '../schedule/laneWork.ts';

/** Rows and columns of the tile that the inner loops of every contraction compute. */
export const { rows: TILE_ROWS, columns: TILE_COLUMNS } = TILE;
