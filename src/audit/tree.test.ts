import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../lib/hash.ts";
import { consistencyProof, inclusionProof, isConsistent, isIncluded, rootOf } from "./proof.ts";
import { createFrontier } from "./tree.ts";

/** The leaves of Certificate Transparency's reference tests, and the roots known for them. */
const inputs = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const knownRoots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const leaves = inputs.map((hex) => sha256(Buffer.from(`00${hex}`, "hex")));

test("roots are those of RFC 6962", () => {
  const tree = createFrontier();
  assert.equal(tree.root().toString("hex"), knownRoots[0]);
  for (const [index, leaf] of leaves.entries()) {
    tree.append(leaf);
    assert.equal(tree.root().toString("hex"), knownRoots[index + 1], `${index + 1} leaves`);
  }
});

test("a tree goes on from its peaks", () => {
  const whole = createFrontier();
  for (const leaf of leaves.slice(0, 5)) whole.append(leaf);
  const later = createFrontier(whole.size, whole.peaks);
  for (const leaf of leaves.slice(5)) later.append(leaf);
  assert.equal(later.root().toString("hex"), knownRoots[8]);
  assert.equal(whole.size, 5, "the first tree stays as it was");
});

const many = Array.from({ length: 37 }, (_, index) => sha256(`leaf ${index}`));
const otherHash = sha256("another");

test("each leaf is proven to be in each tree, and no other is", () => {
  for (let size = 1; size <= many.length; size += 1) {
    const tree = many.slice(0, size);
    const root = rootOf(tree);
    for (const [index, leaf] of tree.entries()) {
      const proof = inclusionProof(tree, index);
      assert.ok(isIncluded(leaf, index, size, proof, root), `${index} of ${size}`);
      assert.ok(!isIncluded(otherHash, index, size, proof, root), "another leaf");
      assert.ok(!isIncluded(leaf, index, size, proof, otherHash), "another root");
      assert.ok(!isIncluded(leaf, index, size, [...proof, otherHash], root), "a longer proof");
      assert.ok(!isIncluded(leaf, size, size, proof, root), "an index outside");
      if (proof.length > 0) {
        assert.ok(!isIncluded(leaf, index, size, proof.slice(1), root), "a shorter proof");
      }
      if (size > 1) {
        assert.ok(!isIncluded(leaf, (index + 1) % size, size, proof, root), "another index");
      }
    }
  }
});

test("each tree is proven to be the beginning of each larger one, and no other is", () => {
  for (let size = 1; size <= many.length; size += 1) {
    const newer = { size, root: rootOf(many.slice(0, size)) };
    for (let older = 1; older <= size; older += 1) {
      const head = { size: older, root: rootOf(many.slice(0, older)) };
      const proof = consistencyProof(many.slice(0, size), older);
      assert.ok(isConsistent(head, newer, proof), `${older} in ${size}`);
      assert.ok(!isConsistent({ ...head, root: otherHash }, newer, proof), "a forked older tree");
      assert.ok(!isConsistent(head, { ...newer, root: otherHash }, proof), "a forked newer tree");
      assert.ok(!isConsistent(head, newer, [...proof, otherHash]), "a longer proof");
      assert.ok(!isConsistent({ ...head, size: size + 1 }, newer, proof), "a larger older tree");
    }
  }
});
