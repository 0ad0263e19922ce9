import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A certificate with its key: where they lie, and what they are. */
export interface Issued {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** An owner's own authority, as `openssl` makes it. */
export interface TestAuthority extends Issued {
  issue(commonName: string): Issued;
}

/** Makes an authority in a directory that is gone after the test. */
export function makeAuthority(t: Pick<TestContext, "after">, name: string): TestAuthority {
  const home = mkdtempSync(join(tmpdir(), "bondstore-authority-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const openssl = (...words: string[]) => execFileSync("openssl", words, { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  let issued = 0;

  function read(path: string): Issued {
    const [certFile, keyFile] = [`${path}.pem`, `${path}.key`];
    const [cert, key] = [readFileSync(certFile, "utf8"), readFileSync(keyFile, "utf8")];
    return { certFile, keyFile, cert, key };
  }

  const root = join(home, "root");
  const rootFiles = ["-keyout", `${root}.key`, "-out", `${root}.pem`];
  openssl("req", "-x509", ...newKey, ...rootFiles, "-subj", `/CN=${name}`, "-days", "30");
  return {
    ...read(root),
    issue(commonName) {
      issued += 1;
      const path = join(home, String(issued));
      const subject = ["-subj", `/CN=${commonName}`];
      openssl(
        "req",
        "-new",
        ...newKey,
        "-keyout",
        `${path}.key`,
        "-out",
        `${path}.csr`,
        ...subject,
      );
      writeFileSync(`${path}.ext`, "basicConstraints=CA:FALSE\n");
      const by = ["-CA", `${root}.pem`, "-CAkey", `${root}.key`, "-CAcreateserial", "-days", "30"];
      const files = ["-in", `${path}.csr`, "-out", `${path}.pem`, "-extfile", `${path}.ext`];
      openssl("x509", "-req", ...by, ...files);
      return read(path);
    },
  };
}
