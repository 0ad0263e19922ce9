import type { Clock } from "../../lib/clock.ts";
import type { ServiceError } from "../../lib/service-error.ts";
import type { Credentials } from "../directory.ts";
import type { Anonymous, Principal } from "../principal.ts";

/** What a signature covers of a request, whatever carried it. */
export interface SignedRequest {
  readonly method: string;
  /** Path as sent, still percent-encoded, without the query. */
  readonly path: string;
  /** Query as sent, without the question mark. */
  readonly query: string;
  /** Lower-case names, in the order sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What signatures are judged by. */
export interface SignatureOptions {
  readonly find: (accessKeyId: string) => Credentials | undefined;
  readonly clock: Clock;
  /** Our home Region. The services that AWS has once for all Regions may also be signed for `us-east-1`. */
  readonly region: string;
  /** Further Regions of ours in which a service is; none unless said. */
  readonly furtherRegions?: (service: string) => readonly string[];
  /** Whether S3 URLs signed with the old version 2 (HMAC-SHA1) are taken. */
  readonly admitSignatureV2: boolean;
  /** The bucket that a host names, as the router reads it: version 2 signs that instead of the host. */
  readonly bucketInHost?: (host: string) => string | undefined;
}

/** The signatures of one body's chunks: each signs the one before it, the first the request's own. */
export interface ChunkChain {
  /** Whether the next chunk, of this hash, has this signature. */
  verifyChunk(signature: string, sha256Hex: string): boolean;
  /** Whether the trailer, of this hash, has this signature. */
  verifyTrailer(signature: string, sha256Hex: string): boolean;
}

/** How the body is bound to the signature; who reads the body enforces it. */
export type PayloadRule =
  /** The hash of the whole body. `checked`: the body was at hand and its hash was in the signature. */
  | { readonly kind: "sha256"; readonly hex: string; readonly checked: boolean }
  | { readonly kind: "unsigned" }
  /** aws-chunked: each chunk signed, or none; with or without a trailer. The chain serves one body. */
  | {
      readonly kind: "chunks";
      readonly signed: ChunkChain | undefined;
      readonly trailer: boolean;
    };

/** The scope that the signer named. `region` is the region set where it signed for several (SigV4a). */
export interface Scope {
  /** `20261102` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** A request whose signature holds. */
export interface Signed {
  readonly kind: "signed";
  readonly credentials: Credentials;
  readonly principal: Principal;
  readonly accessKeyId: string;
  readonly scope: Scope;
  /** The Region of ours that it was signed for. */
  readonly region: string;
  readonly presigned: boolean;
  /** CloudTrail's SignatureVersion: `SigV4`, `SigV4A`, `SigV2`. */
  readonly version: "SigV4" | "SigV4A" | "SigV2";
  readonly payload: PayloadRule;
}

/** A request that names nobody; the router decides whether that may be. */
export interface NotSigned {
  readonly kind: "anonymous";
  readonly principal: Anonymous;
  readonly payload: PayloadRule;
}

export type Verified = Signed | NotSigned;

/** What a request says about its signature, read but not believed. */
export type Claim = V4Claim | V2Claim;

export interface V4Claim {
  readonly kind: "v4";
  readonly algorithm: "AWS4-HMAC-SHA256" | "AWS4-ECDSA-P256-SHA256";
  readonly accessKeyId: string;
  readonly scope: Scope;
  /** The scope as it stands in the string to sign: `20261102/us-east-1/kms/aws4_request`. */
  readonly scopeText: string;
  /** `20261102T101500Z`, and the same in milliseconds. */
  readonly time: string;
  readonly timeMs: number;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly presigned: boolean;
  /** Of a presigned URL. */
  readonly expiresSeconds: number;
  readonly token: string | undefined;
  /** The value of x-amz-content-sha256, in a header or in the query. */
  readonly contentSha256: string | undefined;
}

export interface V2Claim {
  readonly kind: "v2";
  readonly accessKeyId: string;
  readonly scope: Scope;
  readonly signature: string;
  /** Seconds since the epoch, as sent. */
  readonly expires: string;
  readonly token: string | undefined;
}

/** A refusal of a signature: its code is a `Reason`, which `wordRefusal` turns into AWS's words. */
export type SignatureRefusal = ServiceError;
