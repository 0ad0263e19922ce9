/**
 * Lower-cases the letters A to Z alone: names of projects and tables ignore case, and `toLowerCase` would take
 * letters such as the Kelvin sign for an ordinary `k`.
 */
export const lowerName = (name: string): string =>
  /[A-Z]/.test(name) ? name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;

/** Whether two names mean the same project, table or user. */
export const isSameName = (one: string, other: string): boolean =>
  one === other || (one.length === other.length && lowerName(one) === lowerName(other));
