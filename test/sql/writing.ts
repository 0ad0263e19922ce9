/** A statement that writes. */
type Writing = readonly [
  title: string,
  sql: string,
  writes: readonly string[],
  rows: readonly string[],
];

/** What is written, into what. */
export const writing: readonly Writing[] = [
  [
    "INSERT converts to the table's types",
    "INSERT INTO t SELECT a, d, '5' FROM u WHERE a = 9",
    ["into p.t [] []"],
    ["9 | w | 5"],
  ],
  [
    "columns that are not named are NULL",
    "INSERT INTO t (b, a) VALUES ('q', 5)",
    ["into p.t [] []"],
    ["5 | q | NULL"],
  ],
  [
    "partitions with and without a value",
    "INSERT OVERWRITE TABLE sale PARTITION (day='2024-02-01', region) SELECT b, a, 'x', 'eu' FROM t WHERE a = 1",
    ["overwrite p.sale [day=2024-02-01] [region]"],
    ["one | 1 | x | eu"],
  ],
  [
    "one source, many targets",
    "FROM t INSERT OVERWRITE TABLE u SELECT a, b WHERE a = 1 INSERT INTO TABLE u SELECT a, 'z' WHERE a = 2",
    ["overwrite p.u [] []", "into p.u [] []"],
    ["1 | one", "2 | z"],
  ],
  [
    "DELETE keeps what does not match",
    "DELETE FROM delta WHERE k = 2 OR v IS NULL",
    ["replace p.delta [] []"],
    ["1 | one | 1", "3 | three | 3"],
  ],
  [
    "UPDATE keeps what does not match",
    "UPDATE delta SET v = 'new', w = w + 1 WHERE k > 2",
    ["replace p.delta [] []"],
    ["1 | one | 1", "2 | two | 2", "3 | new | 4"],
  ],
  [
    "UPDATE may look elsewhere",
    "UPDATE delta SET v = u.d FROM u WHERE delta.k = u.a AND u.d <> 'x'",
    ["replace p.delta [] []"],
    ["1 | y | 1", "2 | two | 2", "3 | z | 3"],
  ],
  [
    "MERGE updates and inserts",
    "MERGE INTO delta d USING (SELECT * FROM u WHERE a > 1) s ON d.k = s.a WHEN MATCHED THEN UPDATE SET v = s.d WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.d, 0)",
    ["replace p.delta [] []"],
    ["1 | one | 1", "2 | two | 2", "3 | z | 3", "9 | w | 0"],
  ],
  [
    "MERGE deletes, by its first branch that holds",
    "MERGE INTO delta d USING u ON d.k = u.a WHEN MATCHED AND d.k = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET w = 7",
    ["replace p.delta [] []"],
    ["2 | two | 2", "3 | three | 7"],
  ],
  [
    "UPDATE looks at rows twice, and takes one",
    "UPDATE delta SET w = s.n FROM (SELECT a, COUNT(*) AS n FROM u GROUP BY a) s WHERE delta.k = s.a",
    ["replace p.delta [] []"],
    ["1 | one | 2", "2 | two | 2", "3 | three | 1"],
  ],
  [
    "MERGE inserts what nothing matches, each row of it, NULL too",
    "MERGE INTO delta d USING (SELECT a FROM t UNION ALL SELECT a FROM u WHERE a = 9 UNION ALL SELECT 9L) s ON d.k = s.a AND s.a < 3 WHEN NOT MATCHED AND s.a > 3 THEN INSERT (k, w) VALUES (s.a, 1) WHEN NOT MATCHED AND s.a IS NULL THEN INSERT VALUES (0, 'none', NULL)",
    ["replace p.delta [] []"],
    [
      "0 | none | NULL",
      "1 | one | 1",
      "2 | two | 2",
      "3 | three | 3",
      "9 | NULL | 1",
      "9 | NULL | 1",
    ],
  ],
  [
    "MERGE leaves what no branch is for, however often it matches",
    "MERGE INTO delta d USING u ON d.k = u.a WHEN MATCHED AND u.d = 'y' THEN UPDATE SET v = CONCAT(d.v, u.d), w = d.w * 2 WHEN MATCHED AND d.k > 2 AND u.d = 'z' THEN DELETE",
    ["replace p.delta [] []"],
    ["1 | oney | 2", "2 | two | 2"],
  ],
  [
    "MERGE by a condition of no equality",
    "MERGE INTO delta d USING (SELECT MAX(a) AS top FROM u) s ON d.k * 4 > s.top WHEN MATCHED THEN UPDATE SET v = 'over' WHEN NOT MATCHED THEN INSERT VALUES (s.top, 'top', 0)",
    ["replace p.delta [] []"],
    ["1 | one | 1", "2 | two | 2", "3 | over | 3"],
  ],
];
