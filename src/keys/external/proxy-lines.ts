import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { askProxy, ProxyFailure, type ProxyPlace } from "./proxy.ts";
import type { XksTransport } from "./xks-transport.ts";

/** Who uses a key, and for what: the proxy may decide by it. */
export interface UseAsker {
  readonly principalArn: string;
  readonly operation: string;
  readonly requestId: string;
  readonly via?: string | undefined;
}

type Members = Readonly<Record<string, unknown>>;

/** So many requests of an account wait for one proxy; more are refused at once. */
const askedMax = 100;

/** Asks the proxies of a Region's external key stores, each about so much at once. */
export class ProxyLines {
  readonly #parts: {
    readonly clock: Clock;
    readonly random: Random;
    readonly region: string;
    readonly proxies: XksTransport;
  };
  /** By account and endpoint, how many requests wait: nobody fills the line of another. */
  readonly #asked = new Map<string, number>();

  constructor(parts: {
    readonly clock: Clock;
    readonly random: Random;
    readonly region: string;
    readonly proxies: XksTransport;
  }) {
    this.#parts = parts;
  }

  /** Asks a proxy how it is. Throws `ProxyFailure`. */
  async tryOut(account: string, place: ProxyPlace): Promise<void> {
    const kmsRequestId = this.#parts.random.uuid();
    const requestMetadata = { kmsRequestId, kmsOperation: "KmsHealthCheck" };
    const answer = await this.ask(account, place, "health", { requestMetadata });
    if (!Array.isArray(answer["ekmFleetDetails"])) throw new ProxyFailure("invalid-response");
  }

  /** Whether an external key is there, enabled, and for this. Throws `ProxyFailure`. */
  async checkKey(
    account: string,
    place: ProxyPlace,
    { externalId, asker }: { readonly externalId: string; readonly asker: UseAsker },
  ): Promise<void> {
    const what = `keys/${externalId}/metadata`;
    const answer = await this.ask(account, place, what, { requestMetadata: metadataOf(asker) });
    const { keySpec, keyUsage, keyStatus } = answer;
    const uses: readonly unknown[] = Array.isArray(keyUsage) ? keyUsage : [];
    const fits =
      keySpec === "AES_256" &&
      keyStatus === "ENABLED" &&
      ["ENCRYPT", "DECRYPT"].every((use) => uses.includes(use));
    if (!fits) throw new ProxyFailure("wrong-key");
  }

  /** Answers the members of the proxy's answer. Throws `ProxyFailure`. */
  async ask(account: string, place: ProxyPlace, what: string, message: Members): Promise<Members> {
    const line = `${account} ${place.endpoint}`;
    const asked = this.#asked.get(line) ?? 0;
    if (asked >= askedMax) throw new ProxyFailure("throttled");
    this.#asked.set(line, asked + 1);
    try {
      const { clock, region, proxies: transport } = this.#parts;
      return await askProxy(place, what, message, { account, clock, region, transport });
    } finally {
      const left = (this.#asked.get(line) ?? 1) - 1;
      if (left > 0) this.#asked.set(line, left);
      else this.#asked.delete(line);
    }
  }
}

/** As whom a proxy is asked, in the members of its API. */
export const metadataOf = ({ principalArn, operation, requestId, via }: UseAsker) => ({
  awsPrincipalArn: principalArn,
  kmsOperation: operation,
  kmsRequestId: requestId,
  ...(via !== undefined && { kmsViaService: via }),
});
