import { createServer, type Server, type Socket } from "node:net";

/** Connections that the cell offers, each used once for one way in. */
export interface WayIn {
  /** Resolves when the cell has called for the first time: it is up. */
  readonly reached: Promise<void>;
  /** A connection to a port inside the cell. It closes at once when nothing listens there. */
  connect(port: number, timeoutMs: number): Promise<Socket>;
  close(): void;
}

/** A hostile cell may call as often as it likes; more offers than this are hung up on. */
const offersMax = 8;

/** Listens on a socket of the host on which the cell calls: nothing of the host is writable inside. */
export async function openWayIn(path: string): Promise<WayIn> {
  const offers: Socket[] = [];
  const waiting: ((offer: Socket) => void)[] = [];
  let reach: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });

  function take(offer: Socket): void {
    reach();
    offer.on("error", () => offer.destroy());
    const next = waiting.shift();
    if (next) {
      next(offer);
    } else if (offers.length < offersMax) {
      offer.once("close", () => forget(offers, offer));
      offers.push(offer);
    } else {
      offer.destroy();
    }
  }

  const server: Server = createServer({ allowHalfOpen: true }, take);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  // Running out of file descriptors shows here; the cell calls again.
  server.on("error", () => {});

  function nextOffer(timeoutMs: number): Promise<Socket> {
    const offer = offers.shift();
    if (offer) return Promise.resolve(offer);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        forget(waiting, accept);
        reject(new Error("the cell offers no connection"));
      }, timeoutMs);
      const accept = (found: Socket) => {
        clearTimeout(timer);
        resolve(found);
      };
      waiting.push(accept);
    });
  }

  return {
    reached,
    async connect(port, timeoutMs) {
      const offer = await nextOffer(timeoutMs);
      offer.write(`${port}\n`);
      return offer;
    },
    close() {
      server.close();
      for (const offer of offers) offer.destroy();
    },
  };
}

function forget<Item>(list: Item[], item: Item): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
