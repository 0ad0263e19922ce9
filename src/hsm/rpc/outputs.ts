import { sha256 } from "../../lib/hash.ts";
import { CKR } from "../constants.ts";
import { type Cryptoki, CryptokiError, type Mechanism, type Work } from "../cryptoki.ts";

/** How a call asks for bytes: `once` is work in one piece, `update` and `finish` are work in several. */
export type Step = "once" | "update" | "finish";

interface Held {
  readonly step: Step;
  readonly input: Buffer;
  readonly output: Buffer;
}

/** Bytes of answers that wait for a caller with enough room, over all sessions of a connection. */
const heldBytesMax = 8 * 1024 * 1024;
/** Newer p11-kit: there is room, of no bytes. */
const emptyRoom = 0xffffffff;

/**
 * Answers that are asked for twice. In PKCS#11 a caller may ask how long an answer is (section 5.2), and that does not
 * end the work. `Cryptoki` works once; so the answer is held until the caller has room for it.
 */
export class Outputs {
  readonly #hsm: Cryptoki;
  readonly #begun = new Map<string, { readonly mechanism: Mechanism; readonly key?: number }>();
  readonly #held = new Map<string, Held>();

  constructor(hsm: Cryptoki) {
    this.#hsm = hsm;
  }

  begin(session: number, work: Work, mechanism: Mechanism | undefined, key?: number): void {
    if (!mechanism) {
      throw new CryptokiError(CKR.FUNCTION_NOT_SUPPORTED, "cancelling by C_*Init is not built");
    }
    this.#takeBack(session, work);
    this.#hsm.begin(session, work, mechanism, key);
    this.#begun.set(`${session} ${work}`, { mechanism, ...(key !== undefined && { key }) });
  }

  /** The answer where it fits into `room` bytes, else its length. */
  answer(
    session: number,
    work: Work,
    step: Step,
    input: Uint8Array,
    room: number,
  ): [Uint8Array | number] {
    const place = `${session} ${work}`;
    const held = this.#held.get(place);
    if (held && !(held.step === step && held.input.equals(sha256(input)))) {
      this.#takeBack(session, work);
      return this.answer(session, work, step, input, room);
    }
    const output = held?.output ?? this.#work(session, work, step, input);
    if (room !== 0 && output.length <= (room === emptyRoom ? 0 : room)) {
      this.#held.delete(place);
      return [output];
    }
    // Of the input only the hash is kept: it may be a secret, and it may be long.
    if (!held) this.#hold(place, { step, input: sha256(input), output });
    return [output.length];
  }

  /** Before more work of a kind: an answer of one piece that nobody fetched leaves the work as it was. */
  #takeBack(session: number, work: Work): void {
    const place = `${session} ${work}`;
    const held = this.#held.get(place);
    if (!held) return;
    this.#held.delete(place);
    const begun = this.#begun.get(place);
    if (held.step !== "once" || !begun) {
      throw new CryptokiError(CKR.OPERATION_ACTIVE, "an answer of this work was not fetched");
    }
    this.#hsm.begin(session, work, begun.mechanism, begun.key);
  }

  /** Adds input that has no answer. */
  feed(session: number, work: Work, input: Uint8Array): void {
    this.#takeBack(session, work);
    this.#hsm.update(session, work, input);
  }

  /** Forgets what belongs to a session, or everything. */
  forget(session?: number): void {
    for (const places of [this.#begun, this.#held]) {
      for (const place of places.keys()) {
        if (session === undefined || place.startsWith(`${session} `)) places.delete(place);
      }
    }
  }

  #work(session: number, work: Work, step: Step, input: Uint8Array): Buffer {
    if (step === "once") return this.#hsm.once(session, work, input);
    return step === "update"
      ? this.#hsm.update(session, work, input)
      : this.#hsm.finish(session, work);
  }

  #hold(place: string, held: Held): void {
    let bytes = held.output.length;
    for (const [other, { output }] of this.#held) if (other !== place) bytes += output.length;
    if (bytes > heldBytesMax) {
      throw new CryptokiError(CKR.HOST_MEMORY, "too many answers wait to be fetched");
    }
    this.#held.set(place, held);
  }
}
