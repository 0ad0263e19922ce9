import assert from "node:assert/strict";
import { test } from "node:test";
import { createDice, type Dice, pick, rollFor, rollScene } from "./cases/dice.ts";
import { isLikeText, model } from "./cases/model.ts";
import { ask, type Scene, type Source } from "./cases/scene.ts";
import { judge } from "./judge.ts";
import { compileWildcards } from "./pattern.ts";
import type { Decision } from "./question.ts";

const verdictOf = (decision: Decision): string => decision.refusal ?? "allowed";
const show = (scene: Scene): string => JSON.stringify(scene, null, 1);
const scenes = 6000;

test("the judge agrees with the model", () => {
  const dice = createDice(20261122);
  const seen = new Map<string, number>();
  for (let round = 0; round < scenes; round += 1) {
    const scene = rollScene(dice);
    const expected = model(scene);
    assert.equal(verdictOf(judge(ask(scene))), expected, show(scene));
    seen.set(expected, (seen.get(expected) ?? 0) + 1);
  }
  // A generator that only makes refusals would prove nothing.
  for (const verdict of ["allowed", "explicit", "implicit"])
    assert.ok((seen.get(verdict) ?? 0) > scenes / 20, `${verdict}: ${seen.get(verdict)}`);
});

test("patterns agree with the model", () => {
  const dice = createDice(7);
  const letters = (signs: readonly [string, ...string[]], length: number): string =>
    Array.from({ length }, () => pick(dice, signs)).join("");
  for (let round = 0; round < 20_000; round += 1) {
    const pattern = letters(["a", "b", "*", "?"], dice(8));
    const text = letters(["a", "b"], dice(10));
    const matched = compileWildcards(pattern)(text, () => undefined);
    assert.equal(matched, isLikeText(pattern, text), `${pattern} on ${text}`);
  }
});

const layers = ["identity", "boundary", "session", "resourcePolicy"] as const;

const changed = ["identity", "resourcePolicy"] as const;

test("adding a deny never allows more", () => {
  const dice = createDice(99);
  for (let round = 0; round < 2000; round += 1) {
    const scene = rollScene(dice);
    const layer = pick(dice, changed);
    const deny = { ...rollFor(dice, layer), Effect: "Deny" };
    const more = { ...scene, [layer]: [...(scene[layer] ?? []), deny] };
    if (judge(ask(more)).allowed) assert.ok(judge(ask(scene)).allowed, show(more));
  }
});

test("adding an allow never refuses more", () => {
  const dice = createDice(5);
  for (let round = 0; round < 2000; round += 1) {
    const scene = rollScene(dice);
    const layer = pick(dice, changed);
    const allow = { ...rollFor(dice, layer), Effect: "Allow" };
    const more = { ...scene, [layer]: [...(scene[layer] ?? []), allow] };
    if (judge(ask(scene)).allowed) assert.ok(judge(ask(more)).allowed, show(more));
  }
});

function shuffle(dice: Dice, sources: readonly Source[]): Source[] {
  const shuffled = [...sources];
  for (let at = shuffled.length - 1; at > 0; at -= 1) {
    const other = dice(at + 1);
    const [left, right] = [shuffled[at], shuffled[other]];
    if (left && right) [shuffled[at], shuffled[other]] = [right, left];
  }
  return shuffled;
}

test("the order of statements never matters", () => {
  const dice = createDice(3);
  for (let round = 0; round < 2000; round += 1) {
    const scene = rollScene(dice);
    let shuffled = scene;
    for (const layer of layers) {
      const sources = scene[layer];
      if (sources) shuffled = { ...shuffled, [layer]: shuffle(dice, sources) };
    }
    assert.equal(verdictOf(judge(ask(shuffled))), verdictOf(judge(ask(scene))), show(scene));
  }
});

test("the order of policies never matters", () => {
  const dice = createDice(11);
  for (let round = 0; round < 1000; round += 1) {
    const first = ask(rollScene(dice));
    const identity = [...first.identity, ...ask(rollScene(dice)).identity];
    const decision = judge({ ...first, identity });
    const turned = judge({ ...first, identity: identity.toReversed() });
    assert.equal(verdictOf(turned), verdictOf(decision));
  }
});

test("the steps carry the decision: a deny where one decided, an allow where it was allowed", () => {
  const dice = createDice(17);
  for (let round = 0; round < 2000; round += 1) {
    const scene = rollScene(dice);
    const { allowed, refusal, by, steps } = judge(ask(scene));
    const decisive = steps.filter(({ layer }) => layer === by);
    if (allowed) {
      assert.ok(
        decisive.some(({ outcome }) => outcome === "allow"),
        show(scene),
      );
      assert.ok(
        steps.every(({ outcome }) => outcome !== "deny"),
        show(scene),
      );
    } else if (refusal === "explicit") {
      assert.ok(
        decisive.some(({ outcome }) => outcome === "deny"),
        show(scene),
      );
    } else {
      assert.ok(
        decisive.some(({ outcome }) => outcome === "silent"),
        show(scene),
      );
      assert.ok(
        steps.every(({ outcome }) => outcome !== "deny"),
        show(scene),
      );
    }
  }
});

const long = "a".repeat(16_000);
const hostile: readonly (readonly [string, string, boolean])[] = [
  ["*a".repeat(400).concat("b"), long, false],
  ["*a".repeat(400).concat("b"), `${long}b`, true],
  [`*${"a".repeat(8000)}b*`, long, false],
  [`*b${"a".repeat(8000)}*`, long, false],
  [`*?${"a".repeat(8000)}?b*`, `${long}ab`, true],
  [`${"?*".repeat(4000)}b`, long, false],
];
for (const [pattern, text, expected] of hostile) {
  const shown = `${pattern.slice(0, 5)}… (${pattern.length})`;
  test(`a hostile pattern costs no more than reading the text: ${shown} ${expected}`, () => {
    assert.equal(
      compileWildcards(pattern)(text, () => undefined),
      expected,
    );
  });
}

test("chunks longer than a machine word agree with the model", () => {
  const dice = createDice(23);
  const run = (length: number): string =>
    Array.from({ length }, () => pick(dice, ["a", "a", "a", "a", "?"])).join("");
  for (let round = 0; round < 500; round += 1) {
    const pattern = `*${run(30 + dice(40))}b*${run(dice(40))}`;
    const text = `${"a".repeat(dice(80))}b${"a".repeat(dice(80))}`;
    const matched = compileWildcards(pattern)(text, () => undefined);
    assert.equal(matched, isLikeText(pattern, text), `${pattern} on ${text}`);
  }
});

test("the dice find a judge that forgets the boundary", () => {
  const dice = createDice(31);
  let found = false;
  for (let round = 0; round < 500 && !found; round += 1) {
    const scene = rollScene(dice);
    const { boundary, ...forgetful } = ask(scene);
    found = boundary !== undefined && verdictOf(judge(forgetful)) !== model(scene);
  }
  assert.ok(found, "a check that cannot fail proves nothing");
});
