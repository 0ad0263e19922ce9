/** What went wrong on our side, for the operator's log. */
export const describeFault = (cause: unknown): string =>
  cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
