import { randomBytes } from "node:crypto";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { drive, type Work } from "./load.ts";
import type { Case } from "./measure.ts";
import type { ServerProcess } from "./server-process.ts";
import { createSigner, type Sign } from "./sign.ts";

const bucket = "bench";
/** Objects that are read, by turns. */
const readCount = 64;

interface Size {
  readonly name: string;
  readonly body: Buffer;
  readonly put: number;
  readonly get: number;
}

/** Puts and gets of small and large objects. Payloads are signed: the server hashes what it takes. */
export async function s3Cases(servers: readonly ServerProcess[]): Promise<Case[]> {
  const signers: { server: ServerProcess; sign: Sign }[] = [];
  for (const server of servers) {
    const { port, accessKeyId, secretAccessKey } = server;
    const credentials = { accessKeyId, secretAccessKey };
    await makeBucket(port, credentials);
    signers.push({ server, sign: createSigner({ ...credentials, service: "s3", port }) });
  }
  const sizes: Size[] = [
    { name: "1 KiB", body: randomBytes(1024), put: 3, get: 2.5 },
    { name: "1 MiB", body: randomBytes(1_048_576), put: 1.2, get: 1 },
  ];
  const cases: Case[] = [];
  for (const { name, body, put, get } of sizes) {
    const works = (make: (sign: Sign, index: number) => Buffer[]) =>
      signers.map(({ server, sign }) => ({
        server,
        work: { port: server.port, request: (index: number) => make(sign, index) },
      }));
    const readable = (index: number) => `/${bucket}/read-${body.length}-${index % readCount}`;
    for (const { work } of works((sign, index) => putOf(sign, readable(index), body))) {
      await fill(work);
    }
    cases.push(
      {
        title: `S3 put, ${name}`,
        unitsPerRequest: 1,
        bar: { times: put },
        works: works((sign, index) => putOf(sign, `/${bucket}/put-${body.length}-${index}`, body)),
      },
      {
        title: `S3 get, ${name}`,
        unitsPerRequest: 1,
        bar: { times: get },
        works: works((sign, index) => sign({ method: "GET", path: readable(index) })),
      },
    );
  }
  return cases;
}

const putOf = (sign: Sign, path: string, body: Buffer) => sign({ method: "PUT", path, body });

/** Writes for as long as it takes that every object is there. */
async function fill(work: Work): Promise<void> {
  let done = 0;
  while (done < readCount) done += (await drive(work, 0.5, done)).good;
}

async function makeBucket(
  port: number,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
  const endpoint = `http://127.0.0.1:${port}`;
  const s3 = new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  s3.destroy();
}
