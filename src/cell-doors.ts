import { join } from "node:path";
import type { CellDoor, OpenDoor } from "./cells/door.ts";
import type { NewCredentials } from "./identity/directory.ts";
import { applicationOf, type Principal } from "./identity/principal.ts";
import { isoSeconds } from "./lib/clock.ts";
import { equalSecrets, sha256 } from "./lib/hash.ts";
import type { Random } from "./lib/random.ts";
import type { HttpResponse } from "./wire/http.ts";
import type { Handle } from "./wire/server/serving.ts";
import { startServer } from "./wire/server/start-server.ts";

/** Why credentials are not accepted at a door; undefined: they are. */
export type KeepsOut = (principal: Principal) => string | undefined;

/**
 * For the door that all others use: credentials that were handed to an application's cell are worth nothing outside
 * of it, so code that sends them away has sent nothing.
 */
export const keepsApplicationsOut: KeepsOut = (principal) =>
  applicationOf(principal) === undefined
    ? undefined
    : "The credentials of an application or job are accepted from inside its cell only";

/** Credentials are renewed when less than this is left of them. */
const renewBeforeMs = 15 * 60_000;
const graceMs = 1_000;
/** The way out inside a cell holds 512; code that calls the socket itself must not use up our file descriptors. */
const connectionsMax = 600;

/**
 * The front door as a cell sees it: the same services on a socket of its own, where only the credentials of its own
 * application are accepted, and where those credentials are handed out to who knows the cell's token.
 */
export function cellDoors(options: {
  readonly runDirectory: string;
  readonly random: Random;
  readonly now: () => number;
  /** Makes a front door. */
  readonly frontDoor: (keepsOut: KeepsOut) => Handle;
  readonly log: (line: string) => void;
}): OpenDoor {
  const { runDirectory, random, now, frontDoor, log } = options;
  return async ({ id, application, credentials }): Promise<CellDoor> => {
    const socket = join(runDirectory, `${id}.sock`);
    const credentialsToken = random.bytes(24).toString("hex");
    const answer = frontDoor((principal) =>
      applicationOf(principal) === application
        ? undefined
        : "From inside a cell only the credentials of its own application or job are accepted",
    );
    let current: Promise<NewCredentials> | undefined;

    async function fresh(): Promise<NewCredentials> {
      const known = await current?.catch(() => undefined);
      if (known && known.expiresAtMs - now() > renewBeforeMs) return known;
      current = credentials();
      return current;
    }

    const server = await startServer({
      // Not an address: a policy that trusts this machine's does not mean the code of tenants.
      listen: { socketPath: socket, peer: { ip: id, secure: true, cell: id } },
      connectionsMax,
      onFault: (error) => log(`door of ${id}: ${String(error)}`),
      async handle(request) {
        if (request.path !== "/credentials") return answer(request);
        if (!knows(request.header("authorization"), credentialsToken)) return refused;
        return credentialsAnswer(await fresh());
      },
    });
    return { socket, credentialsToken, close: () => server.close(graceMs) };
  };
}

const knows = (given: string | undefined, token: string): boolean =>
  equalSecrets(sha256(given ?? ""), sha256(token));

const refused: HttpResponse = {
  status: 401,
  headers: { "Content-Type": "application/json" },
  body: Buffer.from(JSON.stringify({ code: "Unauthorized", message: "wrong token" })),
};

/** As the container credentials provider of the AWS SDKs reads it. */
const credentialsAnswer = (made: NewCredentials): HttpResponse => ({
  status: 200,
  headers: { "Content-Type": "application/json" },
  body: Buffer.from(
    JSON.stringify({
      AccessKeyId: made.accessKeyId,
      SecretAccessKey: made.secret,
      Token: made.token,
      Expiration: isoSeconds(made.expiresAtMs),
    }),
  ),
});

/** For a door that is the warehouse's alone. */
export const refuseOthers = async (): Promise<HttpResponse> => ({
  status: 403,
  headers: { "Content-Type": "text/plain" },
  body: Buffer.from("From here only the warehouse is reached, by signed requests.\n"),
});
