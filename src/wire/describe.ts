import type { OperationModel, Shape } from "./model.ts";
import type { Input } from "./protocol.ts";
import { formatTimestamp } from "./protocols/scalars.ts";

/** JSON as the trail keeps it. */
type Described =
  | string
  | number
  | boolean
  | readonly Described[]
  | { readonly [key: string]: Described };

/** As CloudTrail: what is larger is left out whole, and said to be. */
const sizeMax = 100_000;

/** Longest text that is kept; policies fit. */
const textMax = 20_480;

/** What is left to write; below nothing, the description is too large. */
interface Budget {
  left: number;
}

/**
 * What the trail shows of an input: CloudTrail's names, no bytes, nothing that the model calls sensitive, and never
 * more than a limit.
 */
export function describe({ input: shape }: OperationModel, input: Input): Described {
  const budget = { left: sizeMax };
  const described = describeValue(shape, input, budget) ?? {};
  return budget.left >= 0 ? described : { omitted: true, reason: "larger than 100 KB" };
}

function describeValue(shape: Shape, value: unknown, budget: Budget): Described | undefined {
  if (shape.sensitive || shape.kind === "blob" || budget.left < 0) return undefined;
  budget.left -= 8;
  switch (shape.kind) {
    case "structure": {
      const members = value as Readonly<Record<string, unknown>>;
      const labels = labelsOf(shape);
      const described: Record<string, Described> = {};
      let index = 0;
      for (const { name, shape: of, streaming } of shape.members) {
        const label = labels[index++] ?? "";
        if (!streaming) addMember(described, label, members[name], of, budget);
      }
      return described;
    }
    case "list": {
      const items = (value as readonly unknown[]).map((item) =>
        describeValue(shape.member.shape, item, budget),
      );
      return items.filter((item) => item !== undefined);
    }
    case "map": {
      if (shape.key.shape.sensitive) return undefined;
      const of = shape.value.shape;
      const described: Record<string, Described> = {};
      for (const [key, item] of Object.entries(value as Readonly<Record<string, unknown>>)) {
        addMember(described, key, item, of, budget);
      }
      return described;
    }
    case "timestamp":
      return value instanceof Date ? formatTimestamp(value, "iso8601") : undefined;
    default:
      return describeScalar(value, budget);
  }
}

const knownLabels = new WeakMap<Shape, readonly string[]>();

/** CloudTrail's names of a structure's members, made once: a new text is a slow key. */
function labelsOf(shape: Extract<Shape, { readonly kind: "structure" }>): readonly string[] {
  const known = knownLabels.get(shape);
  if (known) return known;
  const labels = shape.members.map(({ name, location, locationName }) =>
    location === "uri" && locationName === "Bucket"
      ? "bucketName"
      : name.charAt(0).toLowerCase() + name.slice(1),
  );
  knownLabels.set(shape, labels);
  return labels;
}

function addMember(
  described: Record<string, Described>,
  label: string,
  value: unknown,
  shape: Shape,
  budget: Budget,
): void {
  if (value === undefined || value === null) return;
  const shown = describeValue(shape, value, budget);
  if (shown === undefined) return;
  budget.left -= label.length + 4;
  described[label] = shown;
}

function describeScalar(value: unknown, budget: Budget): Described | undefined {
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  const text = value.length > textMax ? `${value.slice(0, textMax)}...` : value;
  budget.left -= text.length;
  return text;
}

const statementShownMax = 4096;

/** A step of a service that has no model: the statement that it runs. */
export function describeStep(input: unknown) {
  const statement = typeof input === "object" && input ? Reflect.get(input, "sql") : undefined;
  return typeof statement === "string"
    ? { statement: statement.slice(0, statementShownMax) }
    : null;
}
