import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCodeSignature } from "./code-signature.ts";
import { pythonClasses } from "./python-classes.ts";
import { typeText } from "./types.ts";

const cases: readonly (readonly [title: string, source: string, found: string])[] = [
  [
    "a class with its annotation",
    "@annotate('bigint->bigint')\nclass A(object):\n",
    "A scalar bigint->bigint",
  ],
  ["by the module's name", '@odps.udf.annotate("*->string")\nclass A:\n', "A scalar *->string"],
  [
    "over several lines",
    '@annotate(\n  "bigint,"\n  "string->double",\n)\nclass A(object):',
    "A scalar bigint,string->double",
  ],
  [
    "other decorators and comments between",
    "@annotate('->int') # x\n@other\n\n# y\nclass A:\n",
    "A scalar ->int",
  ],
  [
    "kinds by the base",
    "@annotate('a->b')\nclass A(BaseUDTF):\n@annotate('a->b')\nclass B(udf.BaseUDAF):\n",
    "A table a->b; B aggregate a->b",
  ],
  ["lines that end otherwise", "@annotate('a->b')\r\nclass A(object):\r\n", "A scalar a->b"],
  ["no annotation, no function", "class A(object):\n  pass\n", ""],
  ["what is calculated is not read", "@annotate(signature())\nclass A:\n", ""],
];

test("annotated classes are found in Python's text", () => {
  for (const [title, source, expected] of cases) {
    const found = pythonClasses(source).map(
      ({ name, kind, signature }) => `${name} ${kind} ${signature}`,
    );
    assert.equal(found.join("; "), expected, title);
  }
});

test("hostile text is read in a time that grows with its length", () => {
  const lines = "@annotate('a->b')\n".repeat(20_000);
  assert.deepEqual(pythonClasses(`${lines}${"\n \n#\n@x\n".repeat(20_000)}`), []);
  assert.deepEqual(pythonClasses(`@annotate(${"'a' ".repeat(100_000)}`), []);
});

test("signatures are types on both sides", () => {
  const shown = (text: string) => {
    const read = parseCodeSignature(text);
    return read && [read.parameters?.map(typeText), read.results.map(typeText)];
  };
  assert.deepEqual(shown("bigint,map<string,array<int>>->decimal(10,2)"), [
    ["bigint", "map<string,array<int>>"],
    ["decimal(10,2)"],
  ]);
  assert.deepEqual(shown("*->string,bigint"), [undefined, ["string", "bigint"]]);
  assert.deepEqual(shown("->string"), [[], ["string"]]);
  for (const wrong of ["bigint", "->", "a->b->c", "nothing->string", "bigint->"]) {
    assert.equal(shown(wrong), undefined, wrong);
  }
});
