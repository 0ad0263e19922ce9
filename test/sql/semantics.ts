/** A statement over the tables of `warehouse.ts`, and the rows that it answers. */
export type Case = readonly [title: string, sql: string, rows: readonly string[]];

const conversions: readonly Case[] = [
  ["a text in a calculation is a double", "SELECT CAST('1' + 2 AS STRING)", ["3.0"]],
  [
    "whole numbers divide to a double",
    "SELECT 7 / 2, 7 DIV 2, -7 DIV 2, 7 % 3",
    ["3.5 | 3 | -3 | 1"],
  ],
  ["a division by zero is NULL", "SELECT 1 / 0, 5 % 0, 5 DIV 0", ["NULL | NULL | NULL"]],
  ["a cast to a whole number cuts", "SELECT CAST(1.6 AS BIGINT), CAST(-1.6 AS BIGINT)", ["1 | -1"]],
  ["a text is cast by way of a double", "SELECT CAST('1.6' AS BIGINT)", ["1"]],
  [
    "a cast that fails is NULL",
    "SELECT CAST('x' AS BIGINT), CAST('1e' AS DOUBLE)",
    ["NULL | NULL"],
  ],
  ["a cast that does not fit is NULL", "SELECT CAST(300 AS TINYINT)", ["NULL"]],
  [
    "a long text of digits keeps them",
    "SELECT CAST('9007199254740993' AS BIGINT)",
    ["9007199254740993"],
  ],
  [
    "doubles are written as Java writes them",
    "SELECT CAST(1.0 AS STRING), CAST(1e10 AS STRING), CAST(0.0001 AS STRING), CAST(-12345678.9 AS STRING)",
    ["1.0 | 1.0E10 | 1.0E-4 | -1.23456789E7"],
  ],
  [
    "decimals lose their last zeros as texts",
    "SELECT CAST(1.50BD AS STRING), CAST(2.00BD AS STRING)",
    ["1.5 | 2"],
  ],
  [
    "truth is written in words",
    "SELECT CAST(true AS STRING), CAST(1 AS BOOLEAN), CAST('' AS BOOLEAN)",
    ["true | true | false"],
  ],
  [
    "a text meets a number as a double",
    "SELECT 1 = '1', 1 = '1.0', 10 > '9'",
    ["true | true | true"],
  ],
  [
    "a text meets a datetime as a datetime",
    "SELECT dt > '2024-01-31 00:00:00' FROM moments",
    ["true"],
  ],
  ["a text meets a date as a date", "SELECT d = '2024-02-29' FROM moments", ["true"]],
  ["a datetime needs its zeros", "SELECT CAST('2024-1-9 12:12:12' AS DATETIME)", ["NULL"]],
  [
    "a datetime is written in the session's zone",
    "SELECT CAST(dt AS STRING), CAST(ts AS STRING) FROM moments",
    ["2024-01-31 10:20:30 | 2024-01-31 10:20:30.123456789"],
  ],
  ["CASE unifies its results", "SELECT CASE WHEN true THEN 1 ELSE 'x' END", ["1"]],
  [
    "UNION unifies its columns",
    "SELECT a FROM t WHERE a = 1 UNION ALL SELECT d FROM u WHERE a = 9",
    ["1", "w"],
  ],
  [
    "IN compares each value in its type",
    "SELECT 1 IN ('1.0', 5), 'b' IN ('a', 'b')",
    ["true | true"],
  ],
  [
    "decimals add exactly",
    "SELECT m + n, m * 2 FROM money WHERE m IS NOT NULL",
    ["3.75000000000000000 | 3.00"],
  ],
  ["a sum keeps a decimal's scale", "SELECT SUM(m) FROM money", ["1.50"]],
  [
    "sums of whole numbers are whole",
    "SELECT SUM(a), AVG(a), COUNT(b), COUNT(*) FROM t",
    ["6 | 2 | 3 | 4"],
  ],
  ["arrays are cast by their elements", "SELECT CAST(ARRAY(1, 2) AS ARRAY<STRING>)", ['["1","2"]']],
];

const nulls: readonly Case[] = [
  ["NULL comes first going up", "SELECT a FROM t ORDER BY a", ["NULL", "1", "2", "3"]],
  ["NULL comes last going down", "SELECT a FROM t ORDER BY a DESC", ["3", "2", "1", "NULL"]],
  [
    "a window orders NULL first too",
    "SELECT a, ROW_NUMBER() OVER (ORDER BY a) n FROM t ORDER BY n",
    ["NULL | 1", "1 | 2", "2 | 3", "3 | 4"],
  ],
  [
    "CONCAT of NULL is NULL",
    "SELECT CONCAT('a', NULL), CONCAT_WS(',', 'a', NULL)",
    ["NULL | NULL"],
  ],
  ["NULL equals nothing, but <=> NULL", "SELECT NULL = NULL, NULL <=> NULL", ["NULL | true"]],
  ["NOT IN a list with NULL is unknown", "SELECT 1 NOT IN (2, NULL)", ["NULL"]],
  ["NULL is the least value", "SELECT GREATEST(1, NULL), LEAST(1, NULL)", ["1 | NULL"]],
  ["COUNT of several columns skips rows with NULL", "SELECT COUNT(DISTINCT a, b) FROM t", ["2"]],
  [
    "COLLECT_LIST leaves NULL out",
    "SELECT SORT_ARRAY(COLLECT_LIST(b)) FROM t",
    ['["none","one","two"]'],
  ],
  [
    "WM_CONCAT leaves NULL out",
    "SELECT WM_CONCAT('-', b) WITHIN GROUP (ORDER BY a) FROM t",
    ["none-one-two"],
  ],
  ["the size of NULL is -1", "SELECT SIZE(l) FROM deep ORDER BY id", ["3", "-1"]],
  ["DECODE finds NULL", "SELECT DECODE(NULL, 1, 'one', NULL, 'none')", ["none"]],
];

const texts: readonly Case[] = [
  [
    "SUBSTR counts from 1, and at 0 is nothing",
    "SELECT SUBSTR('abc', 0, 2), SUBSTR('abc', 2), SUBSTR('abc', -2)",
    [" | bc | bc"],
  ],
  [
    "INSTR finds the nth",
    "SELECT INSTR('Tech on the net', 'e', 1, 2), INSTR('abc', 'z')",
    ["11 | 0"],
  ],
  [
    "SPLIT_PART takes a range",
    "SELECT SPLIT_PART('a,b,c', ',', 2), SPLIT_PART('a,b,c', ',', 1, 2)",
    ["b | a,b"],
  ],
  ["SPLIT cuts empty parts at the end", "SELECT SPLIT('a,b,,', ',')", ['["a","b"]']],
  [
    "LIKE's escape is the backslash",
    String.raw`SELECT 'a%b' LIKE 'a\\%b', 'axb' LIKE 'a\\%b'`,
    ["true | false"],
  ],
  ["RLIKE finds a part", "SELECT 'foobar' RLIKE 'o+b', 'foobar' RLIKE '^o'", ["true | false"]],
  [
    "regular expressions replace and refer back",
    String.raw`SELECT REGEXP_REPLACE('abcd', '(b)(c)', '\\2\\1')`,
    ["acbd"],
  ],
  [
    "REGEXP_EXTRACT takes the first group",
    "SELECT REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)')",
    ["the"],
  ],
  [
    "GET_JSON_OBJECT goes along a path",
    `SELECT GET_JSON_OBJECT('{"s":{"f":[{"t":"x"}]}}', '$.s.f[0].t')`,
    ["x"],
  ],
  ["what is no JSON has no object", "SELECT GET_JSON_OBJECT('{', '$.a')", ["NULL"]],
  [
    "URL parts",
    "SELECT PARSE_URL('http://h.com:80/p?k=v', 'HOST'), PARSE_URL('http://h/p?k=v', 'QUERY', 'k')",
    ["h.com | v"],
  ],
  ["KEYVALUE reads pairs", "SELECT KEYVALUE('k:1;m:2', 'm')", ["2"]],
  ["lengths in characters and bytes", "SELECT LENGTH('é'), LENGTHB('é')", ["1 | 2"]],
];

const dates: readonly Case[] = [
  ["mm is the month and mi the minute", "SELECT TO_CHAR(dt, 'mm:mi') FROM moments", ["01:20"]],
  [
    "months are added to the last day",
    "SELECT TO_CHAR(DATEADD(dt, 1, 'mm'), 'yyyy-mm-dd') FROM moments",
    ["2024-02-29"],
  ],
  [
    "DATEDIFF takes its unit last",
    "SELECT DATEDIFF('2006-01-01 00:00:00', '2005-12-31 23:59:59', 'mm')",
    ["1"],
  ],
  [
    "DATETRUNC and DATEPART",
    "SELECT TO_CHAR(DATETRUNC(dt, 'mm'), 'yyyymmddhh'), DATEPART(dt, 'mi') FROM moments",
    ["2024010100 | 20"],
  ],
  [
    "TO_DATE reads by a mask",
    "SELECT CAST(TO_DATE('20240131', 'yyyymmdd') AS STRING)",
    ["2024-01-31 00:00:00"],
  ],
  [
    "DATE_FORMAT tells months by mm in either case",
    "SELECT DATE_FORMAT(dt, 'yyyy/MM/dd HH:mi:ss.SSS') FROM moments",
    ["2024/01/31 10:20:30.123"],
  ],
  [
    "seconds since 1970 are told in the zone",
    "SELECT CAST(FROM_UNIXTIME(0) AS STRING), UNIX_TIMESTAMP('1970-01-01 08:00:01')",
    ["1970-01-01 08:00:00 | 1"],
  ],
  ["Monday is 0", "SELECT WEEKDAY('2024-01-01'), WEEKOFYEAR('2024-01-08')", ["0 | 2"]],
  [
    "ISDATE tests a mask",
    "SELECT ISDATE('2024-13-01', 'yyyy-mm-dd'), ISDATE('2024-12-01', 'yyyy-mm-dd')",
    ["false | true"],
  ],
  [
    "the zone of a wall clock changes",
    "SELECT CAST(FROM_UTC_TIMESTAMP(1501557840000, 'PST') AS STRING)",
    ["2017-08-01 04:24:00"],
  ],
  [
    "intervals move a moment",
    "SELECT CAST(dt + INTERVAL 1 DAY AS STRING) FROM moments",
    ["2024-02-01 10:20:30"],
  ],
];

const queries: readonly Case[] = [
  [
    "a column without a name is _c and its place",
    "SELECT k._c1 FROM (SELECT a, a + 1 FROM t WHERE a = 1) k",
    ["2"],
  ],
  [
    "GROUP BY knows aliases",
    "SELECT IF(a > 1, 'big', 'small') k, COUNT(*) FROM t GROUP BY k ORDER BY k",
    ["big | 2", "small | 2"],
  ],
  [
    "a column hides an alias in GROUP BY",
    "SELECT COUNT(*) a FROM t GROUP BY a",
    ["1", "1", "1", "1"],
  ],
  ["HAVING knows aliases", "SELECT b, COUNT(*) n FROM t GROUP BY b HAVING n > 1", []],
  ["a number in ORDER BY is no position", "SELECT a FROM t WHERE a = 2 ORDER BY 7", ["2"]],
  [
    "joins may be semi and anti",
    "SELECT a FROM t LEFT ANTI JOIN u ON t.a = u.a ORDER BY a",
    ["NULL", "2"],
  ],
  [
    "USING makes one column of two",
    "SELECT * FROM t JOIN u USING (a) ORDER BY d",
    ["1 | one | 1.5 | x", "1 | one | 1.5 | y", "3 | NULL | 3.5 | z"],
  ],
  [
    "a query sees the rows around it",
    "SELECT a, (SELECT MAX(d) FROM u WHERE u.a = t.a) FROM t WHERE a < 3 ORDER BY a",
    ["1 | y", "2 | NULL"],
  ],
  [
    "EXISTS and IN take queries",
    "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) AND a IN (SELECT a FROM u) ORDER BY a",
    ["1", "3"],
  ],
  [
    "WITH may be named twice",
    "WITH w AS (SELECT a FROM t) SELECT x.a FROM w x JOIN w y ON x.a = y.a ORDER BY a",
    ["1", "2", "3"],
  ],
  [
    "a script's variables are tables",
    "@x := SELECT a FROM t WHERE a > 1; @y := SELECT a + 1 AS a FROM @x; SELECT * FROM @y ORDER BY a",
    ["3", "4"],
  ],
  [
    "LATERAL VIEW gives rows",
    "SELECT id, e FROM deep LATERAL VIEW EXPLODE(l) x AS e ORDER BY e",
    ["1 | 1", "1 | 2", "1 | 3"],
  ],
  [
    "OUTER keeps rows without any",
    "SELECT id, k, v FROM deep LATERAL VIEW OUTER EXPLODE(m) x AS k, v ORDER BY id",
    ["1 | k | 7", "2 | NULL | NULL"],
  ],
  [
    "UNPIVOT makes rows of columns, without NULL",
    "SELECT * FROM t UNPIVOT (v FOR n IN (a, c)) ORDER BY b, n, v",
    [
      "NULL | a | 3",
      "NULL | c | 3.5",
      "none | c | 0.5",
      "one | a | 1",
      "one | c | 1.5",
      "two | a | 2",
    ],
  ],
  [
    "UNPIVOT of several columns keeps what has a value, or everything",
    "SELECT * FROM t UNPIVOT ((v, w) FOR n IN ((a, c) AS 'x', (c, c) AS 'y')) UNPIVOT INCLUDE NULLS (z FOR m IN (w)) WHERE b LIKE 't%' OR b LIKE 'n%' ORDER BY b, n",
    ["none | x | NULL | w | 0.5", "none | y | 0.5 | w | 0.5", "two | x | 2 | w | NULL"],
  ],
  [
    "UNPIVOT of what is drawn draws once",
    "SELECT COUNT(*), COUNT(DISTINCT v), COUNT(DISTINCT k) FROM (SELECT r AS a, r AS b, r AS c, r AS k FROM (SELECT RAND() AS r FROM t)) UNPIVOT (v FOR n IN (a, b)) WHERE v = c AND v = k",
    ["8 | 4 | 4"],
  ],
  ["EXPLODE stands alone in SELECT", "SELECT EXPLODE(MAP('a', 1)) AS (k, v)", ["a | 1"]],
  [
    "elements count from 0",
    "SELECT l[0], l[9], l[-1], m['k'], r.y FROM deep WHERE id = 1",
    ["3 | NULL | NULL | 7 | why"],
  ],
  [
    "lambdas",
    "SELECT TRANSFORM(l, x -> x * 2), FILTER(l, x -> x > 1) FROM deep WHERE id = 1".replace(
      "TRANSFORM",
      "SIZE(l), TRANSFORM",
    ),
    ['3 | ["6","2","4"] | ["3","2"]'],
  ],
  [
    "grouping sets tell which key is missing",
    "SELECT b, GROUPING_ID(b), COUNT(*) FROM t WHERE a < 3 GROUP BY b WITH ROLLUP ORDER BY 2, b".replace(
      "ORDER BY 2, b",
      "ORDER BY b",
    ),
    ["NULL | 1 | 2", "one | 0 | 1", "two | 0 | 1"],
  ],
  ["views are read in their own project", "SELECT x FROM q.out", ["42"]],
  ["views upon views", "SELECT a FROM vv ORDER BY a", ["2", "3"]],
  [
    "names may be like keywords, with quotes inside",
    'SELECT `we"ird` AS `select` FROM `od"d` ORDER BY `select`',
    ["1", "2"],
  ],
  ["FROM may come first", "FROM t SELECT a WHERE a = 1", ["1"]],
  [
    "MAX_PT is the greatest partition",
    "SELECT shop FROM sale WHERE day = MAX_PT('p.sale')",
    ["s1"],
  ],
  [
    "QUALIFY filters windows",
    "SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a DESC) = 1",
    ["3"],
  ],
  ["VALUES are rows", "SELECT y FROM VALUES (1, 'x'), (2, 'y') v(a, y) WHERE a = 2", ["y"]],
];

/** What statements mean, by subject; whatever engine runs them. */
export const semantics: Readonly<Record<string, readonly Case[]>> = {
  conversions,
  nulls,
  texts,
  dates,
  queries,
};
