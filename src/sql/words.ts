/** Words that are never names unless they stand in backquotes. */
export const reservedWords: ReadonlySet<string> = new Set(
  `ALL ALTER AND AS ASC BETWEEN BY CASE CAST CREATE CROSS DESC DISTINCT DISTRIBUTE DIV DROP ELSE END EXISTS FALSE FROM
  FULL GROUP HAVING IN INNER INSERT INTERSECT INTO IS JOIN LATERAL LEFT LIKE LIMIT NOT NULL ON OR ORDER OUTER OVERWRITE
  PARTITION REGEXP RIGHT RLIKE SELECT SORT TABLE THEN TRUE UNION USING VALUES WHEN WHERE WITH`.split(
    /\s+/,
  ),
);

/** Words that are names, except where an alias without AS could stand: there they begin the next clause. */
const clauseWords: ReadonlySet<string> = new Set(
  `ANTI CLUSTER EXCEPT GROUPING ILIKE MINUS NATURAL OFFSET QUALIFY SEMI SET TABLESAMPLE WINDOW`.split(
    /\s+/,
  ),
);

/** Reserved words that are functions when a parenthesis follows. */
export const callableWords: ReadonlySet<string> = new Set(["LEFT", "RIGHT", "INSERT"]);

/** Reserved words that are names where an operand must stand: parameters of lambdas in MaxCompute's own examples. */
export const operandWords: ReadonlySet<string> = new Set(["LEFT", "RIGHT"]);

/** True for a word that may stand as an alias without AS. */
export function mayBeAlias(word: string): boolean {
  return !reservedWords.has(word) && !clauseWords.has(word);
}
