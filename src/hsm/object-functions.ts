import type { Application, Session } from "./application.ts";
import {
  type Attributes,
  encodeAttributes,
  isSet,
  matches,
  numberOf,
  readTemplate,
  secretAttributes,
} from "./attributes.ts";
import { CKA, CKO } from "./constants.ts";
import type { AttributeValue, Template } from "./cryptoki.ts";
import { changeAttributes } from "./make-object.ts";
import { demand, refuse } from "./refuse.ts";

const foundAtOnceMax = 10_000;

const isGuarded = (attributes: Attributes): boolean => {
  const objectClass = numberOf(attributes, CKA.CLASS);
  return objectClass === CKO.PRIVATE_KEY || objectClass === CKO.SECRET_KEY;
};

/** The functions of PKCS #11 that look at objects, and change what is known of them. */
export class ObjectFunctions {
  readonly #application: Application;

  constructor(application: Application) {
    this.#application = application;
  }

  async copy(session: Session, handle: number, template: Template): Promise<number> {
    const found = this.#application.object(session, handle);
    demand(isSet(found.attributes, CKA.COPYABLE), "ACTION_PROHIBITED", "it is not copied");
    const how = { copy: true, byOfficer: this.#application.isOfficer(session) };
    const attributes = changeAttributes(found.attributes, readTemplate(template), how);
    const key = isGuarded(attributes) ? this.#application.keyOf(session, found) : undefined;
    const [copied = 0] = await this.#application.add(session, "ObjectCopied", [
      { attributes, key },
    ]);
    return copied;
  }

  async destroy(session: Session, handle: number): Promise<void> {
    const found = this.#application.object(session, handle);
    demand(isSet(found.attributes, CKA.DESTROYABLE), "ACTION_PROHIBITED", "it is not destroyed");
    await this.#application.remove(session, found);
  }

  size(session: Session, handle: number): number {
    return encodeAttributes(this.#application.object(session, handle).attributes).length;
  }

  show(
    session: Session,
    handle: number,
    types: readonly number[],
  ): readonly (AttributeValue | undefined | "sensitive")[] {
    const { attributes } = this.#application.object(session, handle);
    const guarded = isGuarded(attributes);
    return types.map((type) =>
      guarded && secretAttributes.includes(type) ? "sensitive" : attributes.get(type),
    );
  }

  async change(session: Session, handle: number, template: Template): Promise<void> {
    const found = this.#application.object(session, handle);
    demand(isSet(found.attributes, CKA.MODIFIABLE), "ACTION_PROHIBITED", "it is not changed");
    const how = { copy: false, byOfficer: this.#application.isOfficer(session) };
    const attributes = changeAttributes(found.attributes, readTemplate(template), how);
    await this.#application.replace(session, found, attributes);
  }

  beginSearch(session: Session, template: Template): void {
    demand(!session.found, "OPERATION_ACTIVE", "a search is under way");
    const wanted = readTemplate(template);
    // Looked for when it is asked for: a search of many objects is no list of them.
    session.found = this.#matching(session, wanted);
  }

  *#matching(session: Session, wanted: Attributes): Generator<number> {
    for (const { handle, attributes } of this.#application.visible(session)) {
      if (matches(attributes, wanted)) yield handle;
    }
  }

  search({ found }: Session, max: number): readonly number[] {
    if (!found) refuse("OPERATION_NOT_INITIALIZED", "no search is under way");
    const answer: number[] = [];
    while (answer.length < Math.min(max, foundAtOnceMax)) {
      const { value, done } = found.next();
      if (done) break;
      answer.push(value);
    }
    return answer;
  }

  endSearch(session: Session): void {
    demand(session.found, "OPERATION_NOT_INITIALIZED", "no search is under way");
    session.found = undefined;
  }
}
