/** Bytes that are read at a time, as Node's own streams do: what is made of a piece lives no longer than until the next. */
export const PIECE_BYTES = 2 ** 16;
