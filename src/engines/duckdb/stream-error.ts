/** Trailer of a stream between the cell and Bondstore: empty where it is whole, else why it is not. */
export const streamError = "x-stream-error";
