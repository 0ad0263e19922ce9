/** Records of one column `a` as PyODPS 0.13.2 writes them: type, value, the whole stream. */
export const goldenRecords: readonly (readonly [type: string, value: unknown, hex: string])[] = [
  ["bigint", "4", "080880c0ff7f80c6b3d803f0ffff7f02f8ffff7fd48fefad07"],
  ["bigint", "1", "080280c0ff7fcab8b49905f0ffff7f02f8ffff7fa486b588f8ffffffff01"],
  ["bigint", "2", "080480c0ff7fa3b6a6c3f8ffffffff01f0ffff7f02f8ffff7ff4fefc94fdffffffff01"],
  ["bigint", "-1", "080180c0ff7fa0b0faf2fdffffffff01f0ffff7f02f8ffff7fc3a1d2b901"],
  ["bigint", null, "80c0ff7f00f0ffff7f02f8ffff7fc7979dc304"],
  ["boolean", true, "080180c0ff7f9ab5a2f8f8ffffffff01f0ffff7f02f8ffff7fc7a2abbe07"],
  ["double", 1.5, "09000000000000f83f80c0ff7fbef2bfebfaffffffff01f0ffff7f02f8ffff7fd4a9d6f007"],
  ["float", 1.5, "0d0000c03f80c0ff7fc58dc2f9faffffffff01f0ffff7f02f8ffff7f81b8998cffffffffff01"],
  ["string", "ab", "0a02616280c0ff7ff792e5defaffffffff01f0ffff7f02f8ffff7f90dac28401"],
  ["binary", "0001", "0a02000180c0ff7f90a9c6d304f0ffff7f02f8ffff7fe2c8eb8401"],
  ["decimal(10,2)", "12.30", "0a0531322e333080c0ff7f9987a1f402f0ffff7f02f8ffff7f89e5eeff01"],
  [
    "datetime",
    "1577836800000",
    "0880a0b7e6eb5b80c0ff7fe5df8afefdffffffff01f0ffff7f02f8ffff7fb8abc1c504",
  ],
  ["date", 18262, "08ac9d0280c0ff7fbbd8c18205f0ffff7f02f8ffff7fea91e498ffffffffff01"],
  [
    "timestamp",
    "1577836800000000001",
    "0a8084dfe00b0280c0ff7fc7c9c9a5feffffffff01f0ffff7f02f8ffff7f93bbf1c7faffffffff01",
  ],
  [
    "timestamp",
    "-500000000",
    "0a018094ebdc0380c0ff7fb8a0d18806f0ffff7f02f8ffff7ff8e19faafdffffffff01",
  ],
  ["interval_year_month", 12, "081880c0ff7fdacfdfc907f0ffff7f02f8ffff7fa5a1e4deffffffffff01"],
  [
    "array<bigint>",
    ["1", null, "2"],
    "0a03000201000480c0ff7fb3acc9dffeffffffff01f0ffff7f02f8ffff7fbde3d1d806",
  ],
  [
    "array<string>",
    ["a", null],
    "0a020001610180c0ff7ff893b8f6feffffffff01f0ffff7f02f8ffff7fbe9dccd905",
  ],
  [
    "map<string,bigint>",
    [
      ["a", "1"],
      ["b", null],
    ],
    "0a020001610001620200020180c0ff7fbc9eabae05f0ffff7f02f8ffff7fb6a0c88f02",
  ],
  [
    "struct<x:bigint,y:string>",
    ["1", null],
    "0a00020180c0ff7fcab8b49905f0ffff7f02f8ffff7fa486b588f8ffffffff01",
  ],
  [
    "json",
    '{"k": 1}',
    "0a087b226b223a20317d80c0ff7fafcfff9704f0ffff7f02f8ffff7ff0d8cdc7ffffffffff01",
  ],
];
