import { Application, isReadWrite, type Session } from "./application.ts";
import { type Cluster, partitionsMax } from "./cluster.ts";
import { CKF, type CKR } from "./constants.ts";
import type {
  AttributeValue,
  Cryptoki,
  Mechanism,
  MechanismInfo,
  SessionInfo,
  SlotInfo,
  Template,
  TokenInfo,
  Work,
} from "./cryptoki.ts";
import { KeyFunctions } from "./key-functions.ts";
import type { HsmObject, LivePartition } from "./live-partition.ts";
import { mechanisms } from "./mechanisms.ts";
import { ObjectFunctions } from "./object-functions.ts";
import { changePin, logIn, passPin, setUserPin } from "./pin-functions.ts";
import { checkPinSize, pinBytes } from "./pins.ts";
import { demand, refuse } from "./refuse.ts";
import type { Running } from "./running.ts";
import { stateFlags, stateOf } from "./token-flags.ts";
import { begin } from "./works.ts";

const manufacturer = "Bondstore";
const labelBytesMax = 32;
const randomBytesMax = 65_536;

/** PKCS #11 for one connection. */
export class Connection implements Cryptoki {
  readonly #cluster: Cluster;
  readonly #application: Application;
  readonly #keys: KeyFunctions;
  readonly #objects: ObjectFunctions;
  readonly #onEnd: () => void;
  #ended = false;

  constructor(cluster: Cluster, peer: string, onEnd: () => void) {
    this.#cluster = cluster;
    this.#application = new Application(cluster, peer);
    this.#keys = new KeyFunctions(this.#application);
    this.#objects = new ObjectFunctions(this.#application);
    this.#onEnd = onEnd;
  }

  /** Ends the sessions with a partition that is gone. */
  lose(partition: LivePartition): void {
    this.#application.lose(partition);
  }

  sessionsWith(partition: LivePartition): readonly Session[] {
    return this.#application.sessions(partition);
  }

  finalize(): void {
    this.#ended = true;
    this.#application.endAll();
    this.#onEnd();
  }

  slots(_tokenPresent: boolean): readonly number[] {
    return this.#cluster.slots();
  }

  /** The partition of a slot; undefined for the free one. */
  #partition(slot: number): LivePartition | undefined {
    demand(!this.#ended, "DEVICE_REMOVED", "the connection was ended");
    const known = this.#cluster.slots().includes(slot);
    demand(known, "SLOT_ID_INVALID", `slots are 0 to ${partitionsMax - 1}, one of them free`);
    return this.#cluster.partitionIn(slot);
  }

  slotInfo(slot: number): SlotInfo {
    this.#partition(slot);
    const description = `${this.#cluster.id} slot ${slot}`;
    return { description, manufacturer, tokenPresent: true };
  }

  tokenInfo(slot: number): TokenInfo {
    const partition = this.#partition(slot);
    const sessions = partition ? this.#application.sessions(partition) : [];
    return {
      label: partition?.state.label ?? "",
      manufacturer,
      model: "HSM partition",
      serial: partition?.serial ?? "",
      flags: CKF.RNG | CKF.LOGIN_REQUIRED | (partition ? stateFlags(partition) : 0),
      sessions: sessions.length,
      readWriteSessions: sessions.filter(({ readWrite }) => readWrite).length,
      pinBytesMin: pinBytes.min,
      pinBytesMax: pinBytes.max,
    };
  }

  mechanisms(slot: number): readonly number[] {
    this.#partition(slot);
    return [...mechanisms.keys()];
  }

  mechanismInfo(slot: number, mechanism: number): MechanismInfo {
    this.#partition(slot);
    const row = mechanisms.get(mechanism);
    if (!row) refuse("MECHANISM_INVALID", "there is no such mechanism");
    const [keySizeMin, keySizeMax] = row.sizes;
    return { keySizeMin, keySizeMax, flags: row.flags };
  }

  async initToken(slot: number, pin: Uint8Array, label: string): Promise<void> {
    const partition = this.#partition(slot);
    checkPinSize(pin);
    const fits = Buffer.byteLength(label) <= labelBytesMax;
    demand(fits, "ARGUMENTS_BAD", `a label has at most ${labelBytesMax} bytes`);
    if (partition) {
      const open = [...this.#cluster.connections()].some(
        (connection) => connection.sessionsWith(partition).length > 0,
      );
      demand(!open, "SESSION_EXISTS", "there are sessions with the partition");
      await passPin(this.#application, partition, { kind: "officer" }, pin, "TokenEmptied");
      await this.#cluster.zeroizePartition(partition.serial, "its owner asked for it");
    }
    await this.#cluster.setUp(slot, pin, label, this.#application.peer);
  }

  openSession(slot: number, flags: number): number {
    const partition = this.#partition(slot);
    demand(flags & CKF.SERIAL_SESSION, "SESSION_PARALLEL_NOT_SUPPORTED", "sessions are serial");
    demand(partition, "TOKEN_NOT_RECOGNIZED", "no partition is set up in this slot");
    return this.#application.open(partition, isReadWrite(flags)).handle;
  }

  closeSession(session: number): void {
    this.#application.close(this.#session(session));
  }

  closeAllSessions(slot: number): void {
    const partition = this.#partition(slot);
    if (partition) this.#application.lose(partition);
  }

  sessionInfo(session: number): SessionInfo {
    const { partition, readWrite } = this.#session(session);
    const flags = CKF.SERIAL_SESSION | (readWrite ? CKF.RW_SESSION : 0);
    const login = this.#application.login(partition);
    return { slot: partition.slot, state: stateOf(login, readWrite), flags };
  }

  async initPin(session: number, pin: Uint8Array): Promise<void> {
    await setUserPin(this.#application, this.#session(session), pin);
  }

  async setPin(session: number, oldPin: Uint8Array, newPin: Uint8Array): Promise<void> {
    await changePin(this.#application, this.#session(session), oldPin, newPin);
  }

  async login(session: number, userType: number, pin: Uint8Array): Promise<void> {
    await logIn(this.#application, session, userType, pin);
  }

  logout(session: number): void {
    const { partition } = this.#session(session);
    demand(this.#application.login(partition), "USER_NOT_LOGGED_IN", "nobody is logged in");
    this.#application.logout(partition);
  }

  async createObject(session: number, template: Template): Promise<number> {
    return this.#keys.create(this.#session(session), template);
  }

  async copyObject(session: number, object: number, template: Template): Promise<number> {
    return this.#objects.copy(this.#session(session), object, template);
  }

  async destroyObject(session: number, object: number): Promise<void> {
    await this.#objects.destroy(this.#session(session), object);
  }

  objectSize(session: number, object: number): number {
    return this.#objects.size(this.#session(session), object);
  }

  attributes(
    session: number,
    object: number,
    types: readonly number[],
  ): readonly (AttributeValue | undefined | "sensitive")[] {
    return this.#objects.show(this.#session(session), object, types);
  }

  async setAttributes(session: number, object: number, template: Template): Promise<void> {
    await this.#objects.change(this.#session(session), object, template);
  }

  findObjectsInit(session: number, template: Template): void {
    this.#objects.beginSearch(this.#session(session), template);
  }

  findObjects(session: number, max: number): readonly number[] {
    return this.#objects.search(this.#session(session), max);
  }

  findObjectsFinal(session: number): void {
    this.#objects.endSearch(this.#session(session));
  }

  begin(session: number, work: Work, mechanism: Mechanism, key?: number): void {
    const open = this.#session(session);
    demand(!open.running.has(work), "OPERATION_ACTIVE", "such work is under way");
    open.running.set(work, begin(this.#application, open, work, mechanism, key));
  }

  once(session: number, work: Work, data: Uint8Array, signature?: Uint8Array): Buffer {
    const current = this.#end(session, work);
    const first = current.update(data);
    const last = current.finish(signature);
    return first.length === 0 ? last : Buffer.concat([first, last]);
  }

  update(session: number, work: Work, data: Uint8Array): Buffer {
    const open = this.#session(session);
    const current = this.#end(session, work);
    const output = current.update(data);
    // Work that failed has ended.
    this.#application.feed(open, work, current.heldBytes ?? 0);
    open.running.set(work, current);
    return output;
  }

  finish(session: number, work: Work, signature?: Uint8Array): Buffer {
    return this.#end(session, work).finish(signature);
  }

  #end(session: number, work: Work): Running {
    const open = this.#session(session);
    const current = open.running.get(work);
    if (!current) refuse("OPERATION_NOT_INITIALIZED", "no such work is under way");
    open.running.delete(work);
    this.#application.release(open, work);
    return current;
  }

  #session(session: number): Session {
    return this.#application.session(session);
  }

  /** Not even the hash of a key leaves. */
  digestKey(session: number, _key: number): void {
    this.#session(session);
    refuse("KEY_INDIGESTIBLE", "keys are not digested");
  }

  async generateKey(session: number, mechanism: Mechanism, template: Template): Promise<number> {
    return this.#keys.generate(this.#session(session), mechanism, template);
  }

  async generateKeyPair(
    session: number,
    mechanism: Mechanism,
    publicTemplate: Template,
    privateTemplate: Template,
  ): Promise<readonly [publicKey: number, privateKey: number]> {
    const open = this.#session(session);
    return this.#keys.generatePair(open, mechanism, publicTemplate, privateTemplate);
  }

  async wrapKey(
    session: number,
    mechanism: Mechanism,
    wrappingKey: number,
    key: number,
  ): Promise<Buffer> {
    const open = this.#session(session);
    const by = this.#key(open, wrappingKey, "WRAPPING_KEY_HANDLE_INVALID");
    return this.#keys.wrap(open, mechanism, by, this.#key(open, key, "KEY_HANDLE_INVALID"));
  }

  async unwrapKey(
    session: number,
    mechanism: Mechanism,
    unwrappingKey: number,
    wrapped: Uint8Array,
    template: Template,
  ): Promise<number> {
    const open = this.#session(session);
    const by = this.#key(open, unwrappingKey, "UNWRAPPING_KEY_HANDLE_INVALID");
    return this.#keys.unwrap(open, mechanism, by, wrapped, template);
  }

  async deriveKey(
    session: number,
    mechanism: Mechanism,
    baseKey: number,
    template: Template,
  ): Promise<number> {
    const open = this.#session(session);
    const base = this.#key(open, baseKey, "KEY_HANDLE_INVALID");
    return this.#keys.derive(open, mechanism, base, template);
  }

  #key(session: Session, handle: number, otherwise: keyof typeof CKR): HsmObject {
    return this.#application.find(session, handle) ?? refuse(otherwise, "there is no such key");
  }

  seedRandom(session: number, _seed: Uint8Array): void {
    this.#session(session);
    refuse("RANDOM_SEED_NOT_SUPPORTED", "randomness comes from the system");
  }

  random(session: number, bytes: number): Buffer {
    this.#session(session);
    const fits = Number.isInteger(bytes) && bytes >= 0 && bytes <= randomBytesMax;
    demand(fits, "ARGUMENTS_BAD", `at most ${randomBytesMax} bytes at once`);
    return this.#cluster.parts.random.bytes(bytes);
  }
}
