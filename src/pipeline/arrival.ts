import type { Json } from "../audit/trail.ts";
import type { Principal } from "../identity/principal.ts";
import type { Source } from "./call.ts";

/** A request that has been read and whose sender is known. */
export interface Arrival {
  readonly id: string;
  readonly service: string;
  readonly operation: string;
  /** The Region that it was signed for; home unless said. */
  readonly region?: string;
  readonly principal: Principal;
  /** The account that the call is made in: the principal's own. */
  readonly account: string;
  readonly source: Source;
  /** Reads and checks the input. Throws `ServiceError`. */
  readonly decode: () => unknown;
  /** The input as the trail may show it: without secrets and bodies. */
  readonly describe: (input: unknown) => Json;
  /** True for a call that a service of this Bondstore makes. */
  readonly inner: boolean;
}
