import type { Application, Session, Who } from "./application.ts";
import { triesMax } from "./cluster.ts";
import { CKU } from "./constants.ts";
import { type LivePartition, type PartitionState, worstOf } from "./live-partition.ts";
import { checkPinSize, hashPin, isRightPin, type PinHash, readUserPin } from "./pins.ts";
import { demand, refuse } from "./refuse.ts";

const usersMax = 1024;

/** The name wrong PINs are counted against. No user's is empty. */
const countedAs = (who: Who): string => (who.kind === "user" ? who.name : "");

const nameOf = (who: Who): string => (who.kind === "user" ? who.name : "so");
const hashOf = ({ officer, users }: PartitionState, who: Who): PinHash | undefined => {
  if (who.kind === "officer") return officer;
  return Object.hasOwn(users, who.name) ? users[who.name] : undefined;
};

/**
 * Checks a PIN, one after the other over all connections, and records it as `what` happens. A wrong one is counted in
 * memory at once and on disk before it is answered; the third in a row, of whomever, or against one name since that
 * one's own success, zeroizes the partition.
 */
export function passPin(
  application: Application,
  partition: LivePartition,
  who: Who,
  pin: Uint8Array,
  what: string,
): Promise<void> {
  // The client's buffer may be another request's by the time it is this one's turn.
  const copy = Buffer.from(pin);
  return partition.inTurn(async () => {
    const hash = hashOf(partition.state, who);
    const right = await isRightPin(copy, hash);
    copy.fill(0);
    partition.checkAlive();
    const { serial } = partition;
    const happening = { partition: serial, who: nameOf(who), peer: application.peer };
    if (right) {
      const { [countedAs(who)]: _, ...failuresOf } = partition.state.failuresOf;
      const state = { ...partition.state, failures: 0, failuresOf };
      await application.cluster.record({ ...happening, what }, () => partition.put(state));
      partition.settle(state);
      return;
    }
    const state = partition.countFailure(hash && countedAs(who));
    const tries = worstOf(state);
    const detail = `wrong PIN ${tries} of ${triesMax}`;
    const failed = { ...happening, what: "LoginFailed", detail, failed: "CKR_PIN_INCORRECT" };
    try {
      await application.cluster.record(failed, () => partition.put(state));
    } finally {
      // Also when it cannot be recorded: else who fills the disk guesses for ever.
      if (tries >= triesMax) {
        await application.cluster.zeroizePartition(serial, "three failed logins");
      }
    }
    if (tries >= triesMax) refuse("PIN_LOCKED", "the partition was zeroized");
    refuse("PIN_INCORRECT", "the PIN is wrong");
  });
}

/** Logs somebody in, for all sessions of the application with the partition. */
export async function logIn(
  application: Application,
  session: number,
  userType: number,
  pin: Uint8Array,
): Promise<void> {
  const { partition } = application.session(session);
  demand(userType !== CKU.CONTEXT_SPECIFIC, "OPERATION_NOT_INITIALIZED", "no key asks for it");
  demand(userType === CKU.SO || userType === CKU.USER, "USER_TYPE_INVALID", "no such user");
  const read = userType === CKU.SO ? undefined : readUserPin(pin);
  const who: Who =
    userType === CKU.SO ? { kind: "officer" } : { kind: "user", name: read?.user ?? "" };
  checkMayLogIn(application, session, who);
  await passPin(application, partition, who, read?.password ?? pin, "Login");
  // Another may have logged in meanwhile, or the session may be closed.
  checkMayLogIn(application, session, who);
  application.setLogin(partition, who);
}

function checkMayLogIn(application: Application, session: number, { kind }: Who): void {
  const { partition } = application.session(session);
  const current = application.login(partition)?.kind;
  demand(current !== kind, "USER_ALREADY_LOGGED_IN", "the same is logged in");
  demand(!current, "USER_ANOTHER_ALREADY_LOGGED_IN", "another is logged in");
  const reads = application.sessions(partition).some(({ readWrite }) => !readWrite);
  const free = kind === "user" || !reads;
  demand(free, "SESSION_READ_ONLY_EXISTS", "there are sessions that only read");
  const some = kind === "officer" || Object.keys(partition.state.users).length > 0;
  demand(some, "USER_PIN_NOT_INITIALIZED", "there are no users yet");
}

/** The security officer sets the PIN of a user, who is made where there is none. */
export async function setUserPin(
  application: Application,
  session: Session,
  pin: Uint8Array,
): Promise<void> {
  const { partition } = session;
  const checkOfficer = () =>
    demand(application.isOfficer(session), "USER_NOT_LOGGED_IN", "the officer logs in first");
  checkOfficer();
  checkPinSize(pin);
  const read = readUserPin(pin);
  if (!read) refuse("PIN_INVALID", "a user's PIN is NAME:PASSWORD, or the password alone");
  checkPinSize(read.password);
  const hash = await hashPin(read.password, application.cluster.parts.random);
  await partition.inTurn(async () => {
    application.session(session.handle);
    checkOfficer();
    await setHash(application, session, { kind: "user", name: read.user }, hash);
  });
}

/** Who knows a PIN sets another in its place: who is logged in, or else the user whose PIN it is. */
export async function changePin(
  application: Application,
  session: Session,
  oldPin: Uint8Array,
  newPin: Uint8Array,
): Promise<void> {
  const { partition } = session;
  demand(session.readWrite, "SESSION_READ_ONLY", "the session only reads");
  checkPinSize(newPin);
  const login = application.login(partition);
  const officer = login?.kind === "officer";
  const old = officer ? undefined : readUserPin(oldPin);
  const next = officer ? undefined : readUserPin(newPin);
  const who: Who = officer ? login : { kind: "user", name: old?.user ?? "" };
  const own = officer || (next !== undefined && next.user === old?.user);
  demand(own, "PIN_INVALID", "the new PIN is of another user");
  const same = login?.kind !== "user" || login.name === old?.user;
  demand(same, "PIN_INVALID", "the PIN is of another user than who is logged in");
  const fresh = Buffer.from(next?.password ?? newPin);
  checkPinSize(fresh);
  await passPin(application, partition, who, old?.password ?? oldPin, "PinChecked");
  const hash = await hashPin(fresh, application.cluster.parts.random);
  fresh.fill(0);
  await partition.inTurn(() => setHash(application, session, who, hash));
}

async function setHash(
  application: Application,
  { partition }: Session,
  who: Who,
  hash: PinHash,
): Promise<void> {
  const { state } = partition;
  const users = who.kind === "user" ? { ...state.users, [who.name]: hash } : state.users;
  demand(Object.keys(users).length <= usersMax, "DEVICE_MEMORY", "too many users");
  const after = { ...state, users, ...(who.kind === "officer" && { officer: hash }) };
  const { serial } = partition;
  const happening = { partition: serial, who: nameOf(who), peer: application.peer };
  await application.cluster.record({ ...happening, what: "PinSet" }, () => partition.put(after));
  partition.settle(after);
}
