/** A policy compiled once: its statements, ready to be matched. */
export interface Policy {
  readonly statements: readonly unknown[];
}
