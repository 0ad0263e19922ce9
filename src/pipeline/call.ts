import type { Access } from "../access/authorize.ts";
import type { Trail } from "../audit/trail.ts";
import type { Directory } from "../identity/directory.ts";
import type { Principal } from "../identity/principal.ts";
import type { Keys } from "../keys/keys.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Projects } from "../projects/projects.ts";
import type { AccountStore, Store } from "../storage/store.ts";

/** Everything below the pipeline, put together once by `server.ts`. */
export interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  /** Region of this Bondstore: `us-east-1`. */
  readonly region: string;
  /** Base URL of the front door, as clients reach it: `https://127.0.0.1:4566`. */
  readonly endpoint: () => string;
  readonly store: Store;
  readonly directory: Directory;
  readonly access: Access;
  readonly keys: Keys;
  readonly projects: Projects;
  readonly trail: Trail;
  /** Calls another service of this Bondstore through the whole pipeline: judged and recorded like any call. */
  readonly invoke: Invoke;
}

/** Where a call came from, as facts that its sender cannot choose. */
export interface Source {
  /** Address of the peer, or the name of the service that calls (`kinesisanalytics.amazonaws.com`). */
  readonly ip: string;
  readonly userAgent: string;
  /** Over TLS, or from inside the machine's own process or cell. */
  readonly secure: boolean;
  /** The service that makes the call for the principal: `invokedBy`, and `kms:ViaService`. */
  readonly via?: string;
  readonly sourceArn?: string;
  readonly sourceAccount?: string;
  /** The project whose job makes the call: what it reads goes there. */
  readonly project?: string;
  readonly pointedBy?: Pointer;
}

/** Who has said what a call of somebody else acts on: they must be allowed the same, so that they lend nobody's rights. */
export interface Pointer {
  readonly principal: Principal;
  /** Said after a refusal: what they have to do with the call, and what can be done. */
  readonly remedy: string;
}

/** One request, and all that is known of it. */
export interface Call<Own = unknown> {
  /** Request id: a UUID, in the answer and in the trail. */
  readonly id: string;
  /** Id of its event in the trail of the account whose thing it acts on. */
  readonly eventId: string;
  readonly service: string;
  readonly operation: string;
  readonly region: string;
  readonly timeMs: number;
  readonly principal: Principal;
  readonly source: Source;
  readonly parts: Parts;
  /** The account that pays and owns what is made: the principal's. */
  readonly account: string;
  readonly store: AccountStore;
  /** What the service made at its start. */
  readonly own: Own;
}

export type Invoke = <Output = unknown>(
  service: string,
  operation: string,
  input: Record<string, unknown>,
  as: { readonly principal: Principal; readonly account: string; readonly source: Source },
) => Promise<Output>;
