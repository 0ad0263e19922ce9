/** What may be done to each type of object, as grants and policies spell it; `All` stands for every one. */
export const actionsOf = {
  project: [
    "Read",
    "Write",
    "List",
    "CreateTable",
    "CreateInstance",
    "CreateFunction",
    "CreateResource",
    "CreateJob",
    "CreateVolume",
    "CreateSchema",
    "All",
  ],
  schema: ["Read", "Write", "List", "CreateTable", "CreateFunction", "CreateResource", "All"],
  table: ["Describe", "Select", "Alter", "Update", "Drop", "ShowHistory", "Download", "All"],
  function: ["Read", "Write", "Delete", "Execute", "Download", "All"],
  resource: ["Read", "Write", "Delete", "Download", "All"],
  volume: ["Read", "Write", "Delete", "Download", "All"],
  instance: ["Read", "Write", "Download", "All"],
  package: ["Read", "All"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A type of object that privileges are granted on. */
export type ObjectType = keyof typeof actionsOf;

/** Tells whether a text is a type of object, in lower case. */
export const isObjectType = (text: string): text is ObjectType => Object.hasOwn(actionsOf, text);

const every: readonly string[] = Object.values(actionsOf).flat();
const known: ReadonlyMap<string, string> = new Map(every.map((name) => [name.toLowerCase(), name]));

/** The right spelling of an action, without `odps:`; undefined when no type of object has it. */
export const findAction = (text: string): string | undefined => known.get(text.toLowerCase());
