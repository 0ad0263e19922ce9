import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CKA, CKF, CKO, CKU } from "../../src/hsm/constants.ts";
import type { Running } from "./bondstore.ts";

/** An authority as owners of clusters have one, made with OpenSSL. */
export interface Owner {
  /** Its certificate; PEM. */
  readonly anchor: string;
  /** Certifies what a request asks for; PEM. */
  sign(csr: string): string;
  /** The certificate of somebody who vouches for themselves, as an authority or not; PEM. */
  selfSigned(name: string, authority?: "no authority"): string;
}

export const openssl = (...words: readonly string[]): string =>
  execFileSync("openssl", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

export function makeOwner({ name: own = "owner", rsaBits = 2048 } = {}): Owner {
  const directory = mkdtempSync(join(tmpdir(), "owner-"));
  process.once("exit", () => rmSync(directory, { recursive: true }));
  const at = (name: string) => join(directory, name);
  const selfSigned: Owner["selfSigned"] = (name, authority) => {
    const out = ["-keyout", at(`${name}.key`), "-out", at(`${name}.crt`)];
    const subject = ["-days", "365", "-subj", `/CN=${name}`];
    const plain = authority ? ["-addext", "basicConstraints=critical,CA:FALSE"] : [];
    openssl("req", "-x509", "-newkey", `rsa:${rsaBits}`, "-nodes", ...out, ...subject, ...plain);
    return readFileSync(at(`${name}.crt`), "utf8");
  };
  const anchor = selfSigned(own);
  return {
    anchor,
    selfSigned,
    sign(csr) {
      writeFileSync(at("cluster.csr"), csr);
      const by = ["-CA", at(`${own}.crt`), "-CAkey", at(`${own}.key`), "-CAcreateserial"];
      const out = ["-days", "365", "-in", at("cluster.csr"), "-out", at("cluster.crt")];
      openssl("x509", "-req", ...by, ...out);
      return readFileSync(at("cluster.crt"), "utf8");
    },
  };
}

const officerPin = Buffer.from("officer's pin");
const userPin = Buffer.from("crypto user's pin");

/** Sets a partition up in a cluster, and puts an object into it where one is wanted. */
export async function setUpPartition(
  { bondstore }: Pick<Running, "bondstore">,
  clusterId: string,
  holding: "nothing" | "an object",
): Promise<void> {
  const hsm = bondstore.opened.hsms.clusters.connect(clusterId, "a test");
  if (!hsm) throw new Error(`${clusterId} is not open`);
  const [slot = 0] = hsm.slots(false).slice(-1);
  await hsm.initToken(slot, officerPin, "orders");
  if (holding === "an object") {
    const session = hsm.openSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION);
    await hsm.login(session, CKU.SO, officerPin);
    await hsm.initPin(session, userPin);
    hsm.logout(session);
    await hsm.login(session, CKU.USER, userPin);
    await hsm.createObject(session, [
      { type: CKA.CLASS, value: CKO.DATA },
      { type: CKA.TOKEN, value: true },
      { type: CKA.VALUE, value: Buffer.from("an order") },
    ]);
  }
  hsm.finalize();
}

/** Empties the first partition of a cluster, as C_InitToken does. */
export async function emptyPartition(
  { bondstore }: Pick<Running, "bondstore">,
  clusterId: string,
): Promise<void> {
  const hsm = bondstore.opened.hsms.clusters.connect(clusterId, "a test");
  const [slot = 0] = hsm?.slots(true) ?? [];
  await hsm?.initToken(slot, officerPin, "emptied");
  hsm?.finalize();
}
