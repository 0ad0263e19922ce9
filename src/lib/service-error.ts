/**
 * An error that the caller may see: a code of the service's model and a sentence.
 * The wire turns the code into the name, status and form of the caller's protocol.
 */
export class ServiceError extends Error {
  readonly code: string;
  /** Further members of the modelled error, such as `Resource`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.details = details;
  }
}
