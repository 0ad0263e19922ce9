import type { KeyObject } from "node:crypto";
import { type Attributes, encodeAttributes, isSet, numberOf } from "./attributes.ts";
import type { Cluster } from "./cluster.ts";
import { CKA, CKF, CKO } from "./constants.ts";
import type { Work } from "./cryptoki.ts";
import { type HsmObject, type LivePartition, StoreChanged } from "./live-partition.ts";
import { demand, refuse } from "./refuse.ts";
import type { Running } from "./running.ts";

/** The security officer, or a user by name. */
export type Who = { readonly kind: "officer" } | { readonly kind: "user"; readonly name: string };

export interface Session {
  readonly handle: number;
  readonly partition: LivePartition;
  readonly readWrite: boolean;
  readonly running: Map<Work, Running>;
  /** Bytes that work under way keeps. */
  readonly fed: Map<Work, number>;
  /** What a search finds and did not answer yet. */
  found: Iterator<number> | undefined;
}

interface SessionObject extends HsmObject {
  readonly session: Session;
  /** What it holds of the application's memory. */
  readonly bytes: number;
}

/** A new object: its attributes and, of keys, the key. */
export interface Made {
  readonly attributes: Attributes;
  readonly key?: KeyObject | undefined;
}

const sessionsMax = 256;
const sessionObjectsMax = 4096;
/** Of what an application may have in memory: objects of its sessions, and data of work under way. */
const heldBytesMax = 32 * 1024 * 1024;

/** One application: its sessions, their objects, and who is logged in, for all sessions with a partition alike. */
export class Application {
  readonly cluster: Cluster;
  readonly peer: string;
  readonly #sessions = new Map<number, Session>();
  readonly #objects = new Map<number, SessionObject>();
  readonly #logins = new Map<LivePartition, Who>();
  #lastSession = 0;
  #heldBytes = 0;

  constructor(cluster: Cluster, peer: string) {
    this.cluster = cluster;
    this.peer = peer;
  }

  open(partition: LivePartition, readWrite: boolean): Session {
    demand(this.#sessions.size < sessionsMax, "SESSION_COUNT", "too many sessions");
    const officer = this.login(partition)?.kind === "officer";
    demand(readWrite || !officer, "SESSION_READ_WRITE_SO_EXISTS", "the security officer is here");
    // Read now, so that what was changed is found before anything is done.
    this.guard(partition, () => partition.objects());
    this.#lastSession += 1;
    const handle = this.#lastSession;
    const session = {
      handle,
      partition,
      readWrite,
      running: new Map(),
      fed: new Map(),
      found: undefined,
    };
    this.#sessions.set(handle, session);
    return session;
  }

  session(handle: number): Session {
    const session = this.#sessions.get(handle);
    if (!session) refuse("SESSION_HANDLE_INVALID", "there is no such session");
    session.partition.checkAlive();
    return session;
  }

  /** Sessions with a partition. */
  sessions(partition: LivePartition): readonly Session[] {
    return [...this.#sessions.values()].filter((session) => session.partition === partition);
  }

  close(session: Session): void {
    this.#sessions.delete(session.handle);
    for (const work of [...session.fed.keys()]) this.release(session, work);
    for (const object of this.#objects.values()) {
      if (object.session === session) this.#drop(object);
    }
    if (this.sessions(session.partition).length === 0) this.logout(session.partition);
  }

  /** Ends everything with a partition. */
  lose(partition: LivePartition): void {
    for (const session of this.sessions(partition)) this.close(session);
  }

  endAll(): void {
    for (const session of this.#sessions.values()) this.close(session);
  }

  login(partition: LivePartition): Who | undefined {
    return this.#logins.get(partition);
  }

  /** Whether the security officer is the one who acts. */
  isOfficer({ partition }: Session): boolean {
    return this.login(partition)?.kind === "officer";
  }

  setLogin(partition: LivePartition, who: Who): void {
    this.#logins.set(partition, who);
  }

  /** Ends the login: private objects of sessions go, and so does what is under way with keys. */
  logout(partition: LivePartition): void {
    this.#logins.delete(partition);
    for (const session of this.sessions(partition)) {
      session.running.clear();
      for (const work of [...session.fed.keys()]) this.release(session, work);
      session.found = undefined;
    }
    for (const object of this.#objects.values()) {
      const gone = object.session.partition === partition && isSet(object.attributes, CKA.PRIVATE);
      if (gone) this.#drop(object);
    }
  }

  #hold(bytes: number): void {
    const fits = this.#heldBytes + bytes <= heldBytesMax;
    demand(fits, "DEVICE_MEMORY", `an application holds at most ${heldBytesMax} bytes`);
    this.#heldBytes += bytes;
  }

  #drop(object: SessionObject): boolean {
    this.#heldBytes -= object.bytes;
    return this.#objects.delete(object.handle);
  }

  /** Counts what work under way keeps. */
  feed(session: Session, work: Work, bytes: number): void {
    this.#hold(bytes);
    session.fed.set(work, bytes);
  }

  /** Work has ended. */
  release(session: Session, work: Work): void {
    this.#heldBytes -= session.fed.get(work) ?? 0;
    session.fed.delete(work);
  }

  /** Runs what reads the store of a partition, which is lost when that was changed. */
  guard<Result>(partition: LivePartition, body: () => Result): Result {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof StoreChanged)) throw error;
      this.cluster.lost(partition);
      refuse("DEVICE_ERROR", "the partition's store was changed: it was zeroized");
    }
  }

  /** Objects that are seen in a session: private ones only by a user who is logged in. */
  *visible({ partition }: Session): Iterable<HsmObject> {
    const user = this.login(partition)?.kind === "user";
    const seen = (object: HsmObject) => user || !isSet(object.attributes, CKA.PRIVATE);
    const stored = this.guard(partition, () => partition.objects());
    for (const object of stored.values()) if (seen(object)) yield object;
    for (const object of this.#objects.values()) {
      if (object.session.partition === partition && seen(object)) yield object;
    }
  }

  find({ partition }: Session, handle: number): HsmObject | undefined {
    const own = this.#objects.get(handle);
    const stored = this.guard(partition, () => partition.objects()).get(handle);
    const object = own?.session.partition === partition ? own : stored;
    const user = this.login(partition)?.kind === "user";
    return object && (user || !isSet(object.attributes, CKA.PRIVATE)) ? object : undefined;
  }

  object(session: Session, handle: number): HsmObject {
    return this.find(session, handle) ?? refuse("OBJECT_HANDLE_INVALID", "there is no such object");
  }

  keyOf({ partition }: Session, object: HsmObject): KeyObject {
    return object.key ?? this.guard(partition, () => partition.keyOf(object));
  }

  /** Refuses an object that may not be made or changed here. */
  checkMay(session: Session, attributes: Attributes): void {
    const token = isSet(attributes, CKA.TOKEN);
    demand(!token || session.readWrite, "SESSION_READ_ONLY", "the session only reads");
    const user = this.login(session.partition)?.kind === "user";
    demand(user || !isSet(attributes, CKA.PRIVATE), "USER_NOT_LOGGED_IN", "a user logs in first");
  }

  /** Keeps new objects; answers their handles. Those of the token are recorded, and on disk when it resolves. */
  async add(session: Session, what: string, made: readonly Made[]): Promise<readonly number[]> {
    for (const { attributes } of made) this.checkMay(session, attributes);
    const { partition } = session;
    const objects = made.map((one) => ({ ...one, handle: partition.newHandle() }));
    const stored = objects.filter(({ attributes }) => isSet(attributes, CKA.TOKEN));
    const passing = objects.filter((object) => !stored.includes(object));
    const full = this.#objects.size + passing.length > sessionObjectsMax;
    demand(!full, "DEVICE_MEMORY", "too many objects of sessions");
    if (stored.length > 0) await this.#change(session, what, stored, []);
    for (const object of passing) this.#keep({ ...object, session });
    return objects.map(({ handle }) => handle);
  }

  #keep(object: Omit<SessionObject, "bytes">): void {
    const bytes = encodeAttributes(object.attributes).length;
    this.#hold(bytes);
    this.#objects.set(object.handle, { ...object, bytes });
  }

  /** Puts other attributes in the place of an object's. */
  async replace(session: Session, object: HsmObject, attributes: Attributes): Promise<void> {
    this.checkMay(session, object.attributes);
    const own = this.#objects.get(object.handle);
    if (own) {
      this.#drop(own);
      this.#keep({ ...own, attributes });
    } else await this.#change(session, "AttributesSet", [{ ...object, attributes }], [object]);
  }

  async remove(session: Session, object: HsmObject): Promise<void> {
    this.checkMay(session, object.attributes);
    const own = this.#objects.get(object.handle);
    if (!own || !this.#drop(own)) {
      await this.#change(session, "ObjectDestroyed", [], [object]);
    }
  }

  #change(
    session: Session,
    what: string,
    added: readonly HsmObject[],
    removed: readonly HsmObject[],
  ): Promise<void> {
    const { partition } = session;
    return partition.inTurn(async () => {
      this.session(session.handle);
      for (const object of [...added, ...removed]) this.checkMay(session, object.attributes);
      const stored = this.guard(partition, () => partition.objects());
      const current = removed.every((object) => stored.get(object.handle)?.sum === object.sum);
      demand(current, "OBJECT_HANDLE_INVALID", "the object was changed meanwhile");
      const prepared = added.map((object) => partition.prepare(object));
      const after = prepared.map(({ object }) => object);
      const state = partition.stateWith(after, removed);
      const detail = [...added, ...removed.slice(added.length)].map(describe).join(", ");
      await this.record(session, { what, detail }, () => {
        for (const { id } of removed) if (id !== undefined) partition.removeObject(id);
        for (const { object, row } of prepared) partition.putObject(object.id ?? "", row);
        partition.put(state);
      });
      partition.settle(state, after, removed);
    });
  }

  record(
    { partition }: Session,
    said: { readonly what: string; readonly detail?: string },
    change?: () => void,
  ): Promise<void> {
    const login = this.login(partition);
    const who = login && (login.kind === "user" ? login.name : "so");
    const { serial } = partition;
    const happening = { ...said, partition: serial, peer: this.peer, ...(who && { who }) };
    return this.cluster.record(happening, change);
  }
}

const classNames: ReadonlyMap<number, string> = new Map([
  [CKO.DATA, "data"],
  [CKO.CERTIFICATE, "certificate"],
  [CKO.PUBLIC_KEY, "public key"],
  [CKO.PRIVATE_KEY, "private key"],
  [CKO.SECRET_KEY, "secret key"],
]);

const labelCharactersMax = 64;

/** An object in words, for the trail. */
export function describe({ attributes }: Pick<HsmObject, "attributes">): string {
  const name = classNames.get(numberOf(attributes, CKA.CLASS) ?? -1) ?? "object";
  const label = attributes.get(CKA.LABEL);
  const text = label instanceof Uint8Array ? Buffer.from(label).toString() : "";
  return `${name} \`${text.slice(0, labelCharactersMax)}\``;
}

export const isReadWrite = (flags: number): boolean => (flags & CKF.RW_SESSION) !== 0;
