/** The memory behind an array, as the binding of DuckDB wants it. */
export function bufferOf({ buffer }: Uint8Array): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer;
  throw new Error("memory that threads share is not given to DuckDB");
}
