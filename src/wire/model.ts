/** The protocols that models name. */
export type ModelProtocol =
  | "json"
  | "query"
  | "ec2"
  | "rest-xml"
  | "rest-json"
  | "smithy-rpc-v2-cbor";

/** A service's operations and shapes. */
export interface ServiceModel {
  /** Name of the table: `kinesisanalyticsv2`. */
  readonly name: string;
  /** As in SigV4's credential scope: `kinesisanalytics`. */
  readonly signingName: string;
  readonly version: string;
  readonly protocols: readonly ModelProtocol[];
  readonly jsonVersion?: string;
  readonly targetPrefix?: string;
  readonly xmlNamespace?: string;
  /** Errors carry awsQuery's codes for clients that ask for them. */
  readonly queryCompatible: boolean;
  readonly operationNames: readonly string[];
  /** Built at its first use, and the same object from then on. */
  findOperation(name: string): OperationModel | undefined;
  /** A modelled error, by its shape's name or by its code on the wire. */
  findError(code: string): ErrorShape | undefined;
}

export interface OperationModel {
  readonly name: string;
  readonly method: string;
  /** With labels and literal queries: `/{Bucket}/{Key+}?acl`. */
  readonly uri: string;
  readonly status: number;
  readonly input: StructureShape;
  readonly output: StructureShape;
  /** Name of the XML element of the input, where it is not the shape's. */
  readonly inputRoot?: string;
  /** awsQuery's element around the output. */
  readonly wrapper?: string;
  /** Names of the error shapes the model lists. */
  readonly errors: readonly string[];
  readonly deprecated: boolean;
  /** Signed by nobody: the credentials are in the input. */
  readonly unsigned: boolean;
  /** The input's member that holds the body as it streams in; the front door puts it there. */
  readonly streamingInput?: string;
}

interface Common {
  readonly name: string;
  readonly sensitive: boolean;
  readonly locationName?: string;
  readonly flattened: boolean;
}

export interface StructureShape extends Common {
  readonly kind: "structure";
  readonly members: readonly Member[];
  /** The member that is the whole body. */
  readonly payload?: Member;
  /** Name of the XML element of an output. */
  readonly root?: string;
  readonly eventStream: boolean;
}

export interface ErrorShape {
  readonly name: string;
  /** As awsQuery and S3 spell it. */
  readonly code: string;
  readonly status?: number;
  readonly fault: boolean;
  readonly members: readonly Member[];
}

export interface ListShape extends Common {
  readonly kind: "list";
  readonly member: Member;
  readonly min?: number;
  readonly max?: number;
}

export interface MapShape extends Common {
  readonly kind: "map";
  readonly key: Member;
  readonly value: Member;
  readonly min?: number;
  readonly max?: number;
}

export interface StringShape extends Common {
  readonly kind: "string";
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  /** What matches instead of `pattern`, where that one could be made to take long. */
  readonly matches?: string;
  readonly enum?: readonly string[];
}

export interface BlobShape extends Common {
  readonly kind: "blob";
  readonly min?: number;
  readonly max?: number;
}

export interface NumberShape extends Common {
  readonly kind: "integer" | "long" | "float" | "double";
  readonly min?: number;
  readonly max?: number;
}

export interface BooleanShape extends Common {
  readonly kind: "boolean";
}

export type TimestampFormat = "unixTimestamp" | "iso8601" | "rfc822";

export interface TimestampShape extends Common {
  readonly kind: "timestamp";
  readonly format?: TimestampFormat;
}

export type Shape =
  | StructureShape
  | ListShape
  | MapShape
  | StringShape
  | BlobShape
  | NumberShape
  | BooleanShape
  | TimestampShape;

/** Where in an HTTP message a member stands; without one it is in the body. */
export type Location = "uri" | "querystring" | "header" | "headers" | "statusCode";

/** A shape where it is used, with the traits of that place. */
export interface Member {
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
  readonly location?: Location;
  /** Its name on the wire, where that differs. */
  readonly locationName?: string;
  readonly queryName?: string;
  readonly flattened: boolean;
  readonly streaming: boolean;
  readonly xmlAttribute: boolean;
  readonly xmlNamespace?: { readonly prefix?: string; readonly uri: string };
}
