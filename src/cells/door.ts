import type { NewCredentials } from "../identity/directory.ts";

/** The front door as one cell sees it. */
export interface CellDoor {
  /** Socket on which it listens. */
  readonly socket: string;
  readonly credentialsToken: string;
  close(): Promise<void>;
}

/** Opens a front door for one application or job: its own credentials get in, no others. */
export type OpenDoor = (door: {
  readonly id: string;
  /** Its ARN, to which the credentials are bound. */
  readonly application: string;
  readonly credentials: () => Promise<NewCredentials>;
}) => Promise<CellDoor>;
