/** Work was ended before it was done. */
export class Interruption extends Error {
  /** By the end of Bondstore: the next start finds what is to be done. */
  readonly closing: boolean;

  constructor(closing: boolean) {
    super("It was interrupted.");
    this.closing = closing;
  }
}

export const isClosing = ({ reason }: AbortSignal): boolean =>
  reason instanceof Interruption && reason.closing;

/** Waits no longer than until the signal: what was waited for may go on, and nobody hears of it. */
export function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Rejects when the signal comes before the time is over. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return unlessAborted(over, signal).finally(() => clearTimeout(timer));
}
