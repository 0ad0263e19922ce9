import type { Typed } from "../conversion.ts";

/** A lambda's text for given values. DuckDB's lambdas have one parameter and a place: one of several becomes one inside of another. */
export function applied(lambda: Typed | undefined, ...values: readonly string[]): string {
  const [, head = "", body = ""] = /^lambda ([\w, ]+): (.*)$/s.exec(lambda?.sql ?? "") ?? [];
  const names = head.split(", ");
  return values.reduceRight(
    (inner, value, index) => `list_transform([${value}], lambda ${names[index]}: ${inner})[1]`,
    body,
  );
}
