import type { Random } from "../lib/random.ts";
import type { Span } from "./key-order.ts";
import type { Codec, Space } from "./rows.ts";
import { Corruption } from "./store.ts";

/** A node of the tree that keeps a table's keys in order. Never changed, always replaced. */
export interface KeyNode {
  /** Of a leaf: the keys. Of a branch: the least key below each child but the first. */
  readonly keys: readonly string[];
  /** Of a branch: names of the nodes below. Empty in a leaf. */
  readonly children: readonly string[];
}

/** The order of a table's keys: a B+ tree whose nodes are sealed rows. */
export interface OrderedKeys {
  has(key: string): boolean;
  insert(key: string): void;
  remove(key: string): void;
  /** The leaf in which the span begins: its keys that are in the span, ascending. */
  first(span: Span): readonly string[];
  /** The leaf in which the span ends: its keys that are in the span, ascending. */
  last(span: Span): readonly string[];
}

const root = "root";
const idBytes = 8;
const emptyLeaf: KeyNode = { keys: [], children: [] };
/** A node with its envelope then takes one page of LMDB. */
const nodeBytesMax = 3800;
const nodeKeysMax = 128;

interface Step {
  readonly id: string;
  readonly node: KeyNode;
  /** Which child was taken. */
  readonly at: number;
}

/** Opens the order of a table. */
export function openOrderedKeys(nodes: Space<KeyNode>, random: Random): OrderedKeys {
  function read(id: string): KeyNode {
    const node = nodes.find(id);
    if (!node && id === root) return emptyLeaf;
    if (!node) throw new Corruption("a part of a table's order is missing");
    return node;
  }

  /** The way from the root to the leaf of a key; `bound` finds the child to take. */
  function descend(key: string, bound: typeof lowerBound): Step[] {
    const path: Step[] = [];
    let id = root;
    for (;;) {
      const node = read(id);
      const isLeaf = node.children.length === 0;
      const at = isLeaf ? lowerBound(node.keys, key) : bound(node.keys, key);
      path.push({ id, node, at });
      if (isLeaf) return path;
      id = node.children[at] ?? "";
    }
  }

  function place(path: Step[], node: KeyNode): void {
    const step = path.pop();
    if (!step) return;
    if (!isTooLarge(node)) {
      nodes.put(step.id, node);
      return;
    }
    const { left, right, between } = split(node, step.at);
    const rightId = random.bytes(idBytes).toString("latin1");
    nodes.put(rightId, right);
    const above = path.at(-1);
    if (!above) {
      const leftId = random.bytes(idBytes).toString("latin1");
      nodes.put(leftId, left);
      nodes.put(root, { keys: [between], children: [leftId, rightId] });
      return;
    }
    nodes.put(step.id, left);
    place(path, {
      keys: above.node.keys.toSpliced(above.at, 0, between),
      children: above.node.children.toSpliced(above.at + 1, 0, rightId),
    });
  }

  /** Takes out the child that the last step of a path took, as it is empty. */
  function takeOut(path: Step[]): void {
    const step = path.pop();
    if (!step) return;
    const children = step.node.children.toSpliced(step.at, 1);
    const keys = step.node.keys.toSpliced(Math.max(step.at - 1, 0), 1);
    if (children.length > 0) nodes.put(step.id, { keys, children });
    else if (step.id === root) nodes.put(root, emptyLeaf);
    else {
      nodes.remove(step.id);
      takeOut(path);
    }
  }

  function first(span: Span): readonly string[] {
    const path = descend(span.first, upperBound);
    const { node, at } = path.pop() ?? none;
    if (at < node.keys.length) return node.keys.slice(at, lowerBound(node.keys, span.end));
    // What follows this leaf begins with the next separator above.
    const next = path.findLast((step) => step.at < step.node.keys.length);
    const separator = next?.node.keys[next.at];
    if (separator === undefined || separator >= span.end) return [];
    return first({ first: separator, end: span.end });
  }

  function last(span: Span): readonly string[] {
    const path = descend(span.end, lowerBound);
    const { node, at } = path.pop() ?? none;
    if (at > 0) return node.keys.slice(lowerBound(node.keys, span.first), at);
    const next = path.findLast((step) => step.at > 0);
    const separator = next?.node.keys[next.at - 1];
    if (separator === undefined || separator <= span.first) return [];
    return last({ first: span.first, end: separator });
  }

  return {
    has(key) {
      const { node, at } = descend(key, upperBound).at(-1) ?? none;
      return node.keys[at] === key;
    },
    insert(key) {
      const path = descend(key, upperBound);
      const { node, at } = path.at(-1) ?? none;
      if (node.keys[at] === key) return;
      place(path, { keys: node.keys.toSpliced(at, 0, key), children: [] });
    },
    remove(key) {
      const path = descend(key, upperBound);
      const { id, node, at } = path.pop() ?? none;
      if (node.keys[at] !== key) return;
      if (node.keys.length > 1 || id === root) {
        nodes.put(id, { keys: node.keys.toSpliced(at, 1), children: [] });
        return;
      }
      nodes.remove(id);
      takeOut(path);
    },
    first,
    last,
  };
}

const none: Step = { id: root, node: emptyLeaf, at: 0 };

function isTooLarge({ keys, children }: KeyNode): boolean {
  if (keys.length > nodeKeysMax) return true;
  let bytes = (keys.length + 1) * 2 + children.length * idBytes;
  for (const key of keys) bytes += key.length;
  return bytes > nodeBytesMax && keys.length >= 4;
}

/** Halves a node. One that grew at its end stays full: keys that come in order fill the nodes they leave. */
function split({ keys, children }: KeyNode, grownAt: number) {
  const atEnd = grownAt >= keys.length - 1;
  const middle = atEnd ? keys.length - 2 : keys.length >> 1;
  const between = keys[middle] ?? "";
  const isLeaf = children.length === 0;
  const left: KeyNode = { keys: keys.slice(0, middle), children: children.slice(0, middle + 1) };
  const right: KeyNode = {
    keys: keys.slice(isLeaf ? middle : middle + 1),
    children: children.slice(middle + 1),
  };
  return { left, right, between };
}

/** How many keys are less. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many keys are less or equal. */
function upperBound(keys: readonly string[], key: string): number {
  const at = lowerBound(keys, key);
  return keys[at] === key ? at + 1 : at;
}

/** Counts, the keys' lengths, the children, the keys. */
export const keyNodeCodec: Codec<KeyNode> = {
  sealed: true,
  encode({ keys, children }) {
    const head = Buffer.allocUnsafe(4 + keys.length * 2);
    head.writeUInt16LE(keys.length, 0);
    head.writeUInt16LE(children.length, 2);
    for (const [at, key] of keys.entries()) head.writeUInt16LE(key.length, 4 + at * 2);
    return Buffer.concat([head, Buffer.from(children.join("") + keys.join(""), "latin1")]);
  },
  decode(bytes) {
    const keysCount = bytes.readUInt16LE(0);
    const childrenCount = bytes.readUInt16LE(2);
    let at = 4 + keysCount * 2;
    const take = (size: number) => {
      at += size;
      return bytes.toString("latin1", at - size, at);
    };
    const children = Array.from({ length: childrenCount }, () => take(idBytes));
    const keys = Array.from({ length: keysCount }, (_, index) =>
      take(bytes.readUInt16LE(4 + index * 2)),
    );
    return { keys, children };
  },
};
