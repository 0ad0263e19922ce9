import type { Anchor } from "./anchors.ts";
import { type Finding, nameOf } from "./report.ts";
import type { Walk } from "./walk.ts";

/** Says what the anchors show: events that are missing at the end, changed ones, and anchors that are wrong. */
export function judgeAnchors(anchors: readonly Anchor[], walk: Walk): Finding[] {
  return [...cutTail(anchors, walk), ...otherTrees(anchors, walk), ...forks(anchors, walk)];
}

const isSigned = ({ from }: Anchor): boolean => from !== "head";
const timeOf = ({ timeMs }: Anchor): string =>
  Number.isFinite(timeMs) ? new Date(timeMs).toISOString() : "unknown time";

function cutTail(anchors: readonly Anchor[], { next, last }: Walk): Finding[] {
  const where = last ? `behind ${nameOf(last)}` : "at the beginning";
  const own = anchors.findLast(({ from }) => from !== "witness");
  const witness = anchors.findLast(({ from }) => from === "witness");
  const tell = (what: Finding["what"], anchor: Anchor): Finding => ({
    what,
    where,
    detail: `${anchor.size - next} events are missing: the ${anchor.from} of ${timeOf(anchor)} tells of ${anchor.size}`,
  });
  if (own && own.size > next) return [tell("cut tail", own)];
  if (witness && witness.size > next) return [tell("rolled back", witness)];
  return [];
}

/** An anchor that the log disagrees with is wrong itself if a larger one agrees; else the log was changed. */
function otherTrees(anchors: readonly Anchor[], walk: Walk): Finding[] {
  const findings: Finding[] = [];
  const agreed = anchors.filter((anchor) => walk.verdicts.get(anchor) === true);
  const sound = agreed.at(-1)?.size ?? 0;
  let logTold = false;
  for (const anchor of anchors) {
    if (walk.verdicts.get(anchor) !== false) continue;
    const where = `${anchor.from} of ${anchor.size} events, ${timeOf(anchor)}`;
    if (anchor.size <= sound) {
      findings.push(
        isSigned(anchor)
          ? {
              what: "forked checkpoint",
              where,
              detail: "signed, yet of another trail than this log",
            }
          : {
              what: "forged head",
              where,
              detail: "the log agrees with a later checkpoint, not with it",
            },
      );
      continue;
    }
    const explained = walk.findings.some(({ from, to }) => from < anchor.size && to >= sound);
    if (!explained && !logTold) {
      logTold = true;
      findings.push({
        what: "changed events",
        where: `events ${sound} to ${anchor.size - 1}`,
        detail: `the ${where} covers others than these`,
      });
    }
  }
  return findings;
}

/** Two signed anchors of one size that the log agrees with neither of; with one, the other is told already. */
function forks(anchors: readonly Anchor[], { verdicts }: Walk): Finding[] {
  const signed = anchors.filter((anchor) => isSigned(anchor) && !verdicts.has(anchor));
  return signed.flatMap((anchor, index) => {
    const twin = signed[index - 1];
    if (!twin || twin.size !== anchor.size || twin.root.equals(anchor.root)) return [];
    const where = `checkpoints of ${anchor.size} events`;
    return [{ what: "forked checkpoint", where, detail: "two are signed, with different roots" }];
  });
}
