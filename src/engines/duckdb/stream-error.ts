/** Trailer of a stream between the cell and Bondstore: empty where it is whole, else why it is not. */
export const streamError = "x-stream-error";
/** Trailer of a file that was made of a stream: how many rows it has. */
export const streamRows = "x-stream-rows";
