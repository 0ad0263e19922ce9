/** Why a user's code did not do its work. Of what its cell says nothing is believed but the shape. */
export interface CodeFailure {
  readonly error: string;
  readonly type?: string;
  readonly frames: readonly { readonly file: string; readonly line: number }[];
  /** What a compiler says: to be told only where no code of the user's has run yet. */
  readonly words?: string;
}

/** A function's code refused, or could not be loaded. */
export class FunctionRefusal extends Error {
  override readonly name = "FunctionRefusal";
  readonly failure: CodeFailure;

  constructor(failure: CodeFailure) {
    super(failure.error);
    this.failure = failure;
  }
}

const framesMax = 3;
const wordsMax = 2_000;

/** Reads what a cell says of an error. */
export function readFailure(text: string): CodeFailure {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return { error: "ended", frames: [] };
  }
  const member = (name: string): unknown =>
    typeof told === "object" && told !== null ? Reflect.get(told, name) : undefined;
  const [error, type, words] = [member("error"), member("type"), member("words")];
  const frames = member("frames");
  return {
    error: typeof error === "string" ? error : "ended",
    ...(typeof type === "string" && { type }),
    ...(typeof words === "string" && { words: words.slice(0, wordsMax) }),
    frames: (Array.isArray(frames) ? frames : []).slice(0, framesMax).flatMap((one: unknown) => {
      const [file, line]: readonly unknown[] = Array.isArray(one) ? one : [];
      return typeof file === "string" && typeof line === "number" && Number.isSafeInteger(line)
        ? [{ file, line }]
        : [];
    }),
  };
}
