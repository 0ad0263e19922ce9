const minuteMs = 60_000;

/**
 * Does work each minute, no two rounds at once; what a round that fails (a full disk) leaves is due in the next one.
 * Answers how to stop, which waits for the round that is under way.
 */
export function eachMinute(round: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= round()
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
      });
  }, minuteMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
