import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation } from "../../../pipeline/operation.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { type BlockRecord, blocksMax } from "./blocks.ts";
import { sessionAnswer } from "./storage-reads.ts";
import { jsonOf, sessionIn, textsIn, writeRequest } from "./storage-request.ts";
import { checkTakesRows, intoTable, invalid, sessionFinder, tellSession } from "./tunnel.ts";
import {
  beginUpload,
  commitUpload,
  takeUploadBlock,
  type UploadRecord,
  uploadRows,
} from "./uploads.ts";

/** Who writes a block may write it several times at once, and says at last which of them counts. */
const attemptsMax = 16;

const writeOf = sessionFinder(uploadRows, sessionIn);

const statuses = { normal: "NORMAL", closed: "COMMITTED" } as const;

const answerOf = ({ table }: TableTarget, upload: UploadRecord) => ({
  ...sessionAnswer(upload, table),
  SessionType: "batch_write",
  SessionStatus: statuses[upload.status],
  MaxBlockNumber: blocksMax,
});

/** Begins to write into a table or one partition: an upload, whose blocks are whole streams of Arrow. */
export const createWriteSession = operation("CreateWriteSession", {
  ...intoTable,
  async handle(target: TableTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    checkTakesRows(target.table);
    const wanted = writeRequest(input.text, target.table);
    return { created: "", json: answerOf(target, await beginUpload(target, wanted, call)) };
  },
});

/** Tells where a session of writing has come to. */
export const getWriteSession = operation("GetWriteSession", {
  ...intoTable,
  handle: tellSession(writeOf, answerOf),
});

/** How a client says which block it means: where it is kept, and what it is. */
const messageOf = (id: number, file: BlockRecord["file"]): string => `${id}-${file.id}`;

/** Takes one attempt at a block; the answer is what its writer has to hand in. */
export const putWriteBlock = operation("PutWriteBlock", {
  ...intoTable,
  data: true,
  async handle(target: TableTarget, input: OdpsInput, call: OdpsCall): Promise<OdpsAnswer> {
    const upload = writeOf(target, input, call);
    const block = numberIn(input, "block_number", blocksMax);
    const id = block * attemptsMax + numberIn(input, "attempt_number", attemptsMax);
    const file = await takeUploadBlock(target, upload, { id, input }, call);
    return { json: { CommitMessage: messageOf(id, file) } };
  },
});

function numberIn({ parameters }: OdpsInput, name: string, max: number): number {
  const text = parameters[name] ?? "0";
  if (/^\d{1,5}$/.test(text) && Number(text) < max) return Number(text);
  throw invalid(`${name} is a number below ${max}, not \`${text.slice(0, 32)}\`.`);
}

/** Puts the blocks that are named into the table at once; committed again, it is done already. */
export const commitWriteSession = operation("CommitWriteSession", {
  ...intoTable,
  async handle(
    target: TableTarget,
    input: OdpsInput,
    call: OdpsCall,
    judgeAgain: () => void,
  ): Promise<OdpsAnswer> {
    const messages = textsIn(jsonOf(input.text), "CommitMessages", blocksMax);
    const upload = writeOf(target, input, call);
    const done = await commitUpload(target, upload, call, judgeAgain, (blocks) =>
      named(blocks, messages),
    );
    return { created: "", json: answerOf(target, done) };
  },
});

/** The blocks that a client names, one attempt of each. */
function named(
  blocks: readonly BlockRecord[],
  messages: readonly string[],
): readonly BlockRecord[] {
  const known = new Map(blocks.map((block) => [messageOf(block.id, block.file), block]));
  const chosen = new Map<number, BlockRecord>();
  for (const message of new Set(messages)) {
    const block = known.get(message);
    if (!block) throw invalid(`\`${message.slice(0, 64)}\` is no block of this session.`);
    const number = Math.floor(block.id / attemptsMax);
    if (chosen.has(number)) throw invalid(`Block ${number} is named with two attempts.`);
    chosen.set(number, block);
  }
  return [...chosen.values()];
}
