/** Opened payloads, the newest and the latest read, within one limit over all logs. */
export interface BlockCache {
  find(block: object): Buffer | undefined;
  keep(block: object, payload: Buffer): void;
  drop(block: object): void;
}

export function createBlockCache(bytesMax: number): BlockCache {
  // A Map keeps the order of insertion: its first entry was used longest ago.
  const payloads = new Map<object, Buffer>();
  let bytes = 0;

  function drop(block: object): void {
    bytes -= payloads.get(block)?.length ?? 0;
    payloads.delete(block);
  }

  return {
    find(block) {
      const payload = payloads.get(block);
      if (!payload) return undefined;
      payloads.delete(block);
      payloads.set(block, payload);
      return payload;
    },
    keep(block, payload) {
      drop(block);
      if (payload.length > bytesMax / 4) return;
      payloads.set(block, payload);
      bytes += payload.length;
      for (const oldest of payloads.keys()) {
        if (bytes <= bytesMax) return;
        drop(oldest);
      }
    },
    drop,
  };
}
