import type { Fact } from "../question.ts";
import {
  alice,
  anonymous,
  bob,
  bucket,
  eve,
  foreignRoot,
  foreignSession,
  home,
  key,
  object,
  root,
  type Scene,
  type Source,
  service,
  session,
  variable,
} from "./scene.ts";

/** Numbers from 0 up to, not including, `below`; the same seed gives the same numbers. */
export type Dice = (below: number) => number;

/** A generator of 32-bit xorshift numbers. */
export function createDice(seed: number): Dice {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** One of the things. */
export function pick<Thing>(dice: Dice, things: readonly [Thing, ...Thing[]]): Thing {
  return things[dice(things.length)] ?? things[0];
}

const some = <Thing>(dice: Dice, things: readonly [Thing, ...Thing[]]): Thing | Thing[] =>
  dice(2) === 0 ? pick(dice, things) : [pick(dice, things), pick(dice, things)];

const actions = ["s3:GetObject", "s3:PutObject", "kms:Decrypt", "S3:getobject"] as const;
const actionPatterns = [
  "s3:GetObject",
  "s3:*",
  "*",
  "kms:Decrypt",
  "s3:Get*",
  "*:*",
  "s3:??tObject",
] as const;
const resources = [object, bucket, key, "*", "arn:aws:s3:::orders/alice/x"] as const;
const resourcePatterns = [
  "*",
  object,
  "arn:aws:s3:::orders/*",
  "arn:aws:s3:::orders*",
  "arn:aws:kms:*:*:key/*",
  `arn:aws:s3:::orders/${variable("aws:username")}/*`,
  `arn:aws:s3:::orders/${variable("aws:username, '2026'")}/?.json`,
  "arn:*:s3:*:*:*/*",
] as const;
const askers = [
  alice,
  bob,
  root,
  session,
  eve,
  foreignRoot,
  foreignSession,
  service,
  anonymous,
] as const;
const names = [
  "*",
  home,
  `arn:aws:iam::${home}:root`,
  alice.arn,
  session.arn,
  session.sessionArn ?? "",
  eve.arn,
  eve.account,
  foreignSession.arn,
] as const;
// Without the empty text, for which AWS has a rule of its own (see the rows of ForAllValues).
const texts = ["a", "alice", "blue", "5", "true", "arn:aws:s3:::orders"] as const;
const keys = ["aws:username", "x:list", "x:number", "aws:SourceArn"] as const;
const operators = [
  "StringEquals",
  "StringNotEquals",
  "StringLike",
  "StringNotLike",
  "ArnLike",
  "ArnNotLike",
] as const;
const values = [
  "alice",
  "a*",
  "*",
  "blue",
  variable("aws:username"),
  variable("x:number, '5'"),
  "arn:aws:s3:::o*",
] as const;

function rollCondition(dice: Dice): Source {
  const key = pick(dice, keys);
  switch (dice(6)) {
    case 0:
      return { Null: { [key]: pick(dice, ["true", "false"]) } };
    case 1:
      return { [`NumericLessThan${pick(dice, ["", "IfExists"])}`]: { "x:number": "7" } };
    case 2:
      return {
        [`Bool${pick(dice, ["", "IfExists"])}`]: { "x:flag": pick(dice, ["true", "false"]) },
      };
    default: {
      const qualifier = pick(dice, ["", "", "ForAnyValue:", "ForAllValues:"]);
      const operator = `${qualifier}${pick(dice, operators)}${pick(dice, ["", "IfExists"])}`;
      // A text that is no ARN pattern is the language's own corner, with rows of its own.
      const value = operator.includes("Arn") ? "arn:aws:s3:::o*" : some(dice, values);
      return { [operator]: { [key]: value } };
    }
  }
}

function rollStatement(dice: Dice): Source {
  const action = {
    [pick(dice, ["Action", "Action", "Action", "NotAction"])]: some(dice, actionPatterns),
  };
  const resource = {
    [pick(dice, ["Resource", "Resource", "Resource", "NotResource"])]: some(dice, resourcePatterns),
  };
  const condition = dice(2) === 0 ? { Condition: rollCondition(dice) } : {};
  return { Effect: dice(4) === 0 ? "Deny" : "Allow", ...action, ...resource, ...condition };
}

function rollNamed(dice: Dice): Source {
  const element = pick(dice, ["Principal", "Principal", "Principal", "NotPrincipal"]);
  const services = dice(5) === 0 ? { Service: service.arn } : { AWS: some(dice, names) };
  return {
    ...rollStatement(dice),
    [element]: element === "Principal" ? services : { AWS: some(dice, names) },
  };
}

const rollList = (dice: Dice, roll: (dice: Dice) => Source): Source[] =>
  Array.from({ length: 1 + dice(3) }, () => roll(dice));

function rollFact(dice: Dice): Fact {
  switch (dice(4)) {
    case 0:
      return undefined;
    case 1:
      return Array.from({ length: dice(3) }, () => pick(dice, ["a", "alice", "blue"]));
    default:
      return pick(dice, texts);
  }
}

/** A question with policies that speak of what is asked, more often than not. */
export function rollScene(dice: Dice): Scene {
  return {
    asker: pick(dice, askers),
    action: pick(dice, actions),
    resource: pick(dice, resources),
    owner: home,
    authority: pick(dice, ["account", "resource"]),
    facts: {
      "aws:username": pick(dice, ["alice", "bob", undefined]),
      "x:list": rollFact(dice),
      "x:number": pick(dice, ["5", "9", undefined]),
      "x:flag": pick(dice, ["true", "false", undefined]),
      "aws:SourceArn": pick(dice, ["arn:aws:s3:::orders", "arn:aws:s3:::x", undefined]),
    },
    ...(dice(4) > 0 && { identity: rollList(dice, rollStatement) }),
    ...(dice(3) === 0 && { boundary: rollList(dice, rollStatement) }),
    ...(dice(3) === 0 && { session: rollList(dice, rollStatement) }),
    ...(dice(4) > 0 && { resourcePolicy: rollList(dice, rollNamed) }),
    ...(dice(6) === 0 && { grants: ["g1"] }),
  };
}

/** A statement for a layer of a scene. */
export const rollFor = (dice: Dice, layer: "identity" | "resourcePolicy"): Source =>
  layer === "identity" ? rollStatement(dice) : rollNamed(dice);
