import type { PolicyKind } from "../policy.ts";
import { documentOf, home, type Source, variable } from "./scene.ts";

const good: Source = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
const open: Source = { ...good, Principal: "*" };
const trust: Source = { Effect: "Allow", Principal: { AWS: home }, Action: "sts:AssumeRole" };

const identity = (statement: unknown): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
const where = (condition: unknown): string => identity({ ...good, Condition: condition });
const principal = (value: unknown): string => identity({ ...good, Principal: value });

const syntax = "Syntax errors in policy.";
const noPrincipal = "Policy document should not specify a principal.";
const vendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const version = "Policy document must be version 2012-10-17 or greater.";

/** [rule, kind, document, the refusal, or undefined where it is accepted] */
export const documentRows: readonly (readonly [string, PolicyKind, string, string | undefined])[] =
  [
    ["a document with one statement", "identity", identity(good), undefined],
    [
      "a statement need not be in a list",
      "identity",
      JSON.stringify({ Version: "2012-10-17", Statement: good }),
      undefined,
    ],
    [
      "a document may have an Id",
      "identity",
      JSON.stringify({ Version: "2012-10-17", Id: "x", Statement: [good] }),
      undefined,
    ],
    [
      "white space does not matter",
      "identity",
      JSON.stringify({ Version: "2012-10-17", Statement: [good] }, null, 4),
      undefined,
    ],
    ["the empty text is no document", "identity", "", syntax],
    ["other text is no document", "identity", "allow everything", syntax],
    ["a list is no document", "identity", "[]", syntax],
    ["null is no document", "identity", "null", syntax],
    ["a trailing comma is refused", "identity", `{"Version":"2012-10-17","Statement":[],}`, syntax],
    ["a document without statements is refused", "identity", `{"Version":"2012-10-17"}`, syntax],
    [
      "an empty list of statements is refused",
      "identity",
      `{"Version":"2012-10-17","Statement":[]}`,
      syntax,
    ],
    ["a statement must be an object", "identity", identity("x"), syntax],
    [
      "an unknown member is refused",
      "identity",
      JSON.stringify({ Version: "2012-10-17", Statements: [], Statement: [good] }),
      syntax,
    ],
    [
      "an unknown member of a statement is refused",
      "identity",
      identity({ ...good, Actions: "s3:*" }),
      syntax,
    ],
    [
      "the names of members mind case",
      "identity",
      identity({ Effect: "Allow", action: "s3:*", Resource: "*" }),
      syntax,
    ],
    [
      "a member named twice is refused",
      "identity",
      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Effect":"Deny"}]}`,
      syntax,
    ],
    [
      "a member named twice in other spelling is refused",
      "identity",
      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","\\u0045ffect":"Deny"}]}`,
      syntax,
    ],
    ["the same name in two statements is fine", "identity", documentOf([good, good]), undefined],
    [
      "a document that nests too deep is refused",
      "identity",
      `${"[".repeat(500)}${"]".repeat(500)}`,
      syntax,
    ],
    [
      "a document that is too long is refused",
      "identity",
      identity({ ...good, Sid: "x".repeat(40_000) }),
      "The policy document is too long.",
    ],
    ["too many statements are refused", "identity", documentOf(new Array(501).fill(good)), syntax],

    [
      "an identity policy needs the new version",
      "identity",
      documentOf([good], "2008-10-17"),
      version,
    ],
    [
      "an identity policy needs a version",
      "identity",
      JSON.stringify({ Statement: [good] }),
      version,
    ],
    ["a boundary needs the new version", "boundary", documentOf([good], "2008-10-17"), version],
    [
      "a resource policy may be of the old version",
      "resource",
      documentOf([open], "2008-10-17"),
      undefined,
    ],
    [
      "a resource policy may lack a version",
      "resource",
      JSON.stringify({ Statement: [open] }),
      undefined,
    ],
    [
      "a value that nests too deep is refused",
      "identity",
      where({
        StringEquals: { "aws:username": JSON.parse(`${"[".repeat(12)}"x"${"]".repeat(12)}`) },
      }),
      syntax,
    ],
    ["no other version exists", "resource", documentOf([open], "2020-01-01"), syntax],
    [
      "the version is a text",
      "identity",
      JSON.stringify({ Version: 20121017, Statement: [good] }),
      syntax,
    ],
    [
      "the Id is a text",
      "identity",
      JSON.stringify({ Version: "2012-10-17", Id: 5, Statement: [good] }),
      syntax,
    ],

    [
      "a statement needs an Effect",
      "identity",
      identity({ Action: "s3:*", Resource: "*" }),
      syntax,
    ],
    ["the Effect minds case", "identity", identity({ ...good, Effect: "allow" }), syntax],
    ["the Effect is one of two", "identity", identity({ ...good, Effect: "Maybe" }), syntax],
    [
      "a statement needs actions",
      "identity",
      identity({ Effect: "Allow", Resource: "*" }),
      "Policy statement must contain actions.",
    ],
    [
      "an empty list of actions is none",
      "identity",
      identity({ ...good, Action: [] }),
      "Policy statement must contain actions.",
    ],
    [
      "Action and NotAction exclude each other",
      "identity",
      identity({ ...good, NotAction: "s3:*" }),
      syntax,
    ],
    ["an action needs its service", "identity", identity({ ...good, Action: "GetObject" }), vendor],
    [
      "an action's service is not empty",
      "identity",
      identity({ ...good, Action: ":GetObject" }),
      vendor,
    ],
    [
      "an action's service is a name",
      "identity",
      identity({ ...good, Action: "s 3:GetObject" }),
      "Vendor s 3 is not valid",
    ],
    [
      "an action has a name",
      "identity",
      identity({ ...good, Action: "s3:" }),
      "Policy statement must contain valid actions.",
    ],
    [
      "a variable is no action",
      "identity",
      identity({ ...good, Action: `s3:${variable("aws:username")}` }),
      "Policy statement must contain valid actions.",
    ],
    ["an action is a text", "identity", identity({ ...good, Action: [5] }), syntax],
    [
      "a statement needs resources",
      "identity",
      identity({ Effect: "Allow", Action: "s3:*" }),
      "Policy statement must contain resources.",
    ],
    [
      "an empty list of resources is none",
      "identity",
      identity({ ...good, Resource: [] }),
      "Policy statement must contain resources.",
    ],
    [
      "Resource and NotResource exclude each other",
      "identity",
      identity({ ...good, NotResource: "*" }),
      syntax,
    ],
    [
      "a resource is an ARN",
      "identity",
      identity({ ...good, Resource: "orders" }),
      `Resource orders must be in ARN format or "*".`,
    ],
    [
      "a resource does not begin with a wildcard",
      "identity",
      identity({ ...good, Resource: "*:orders" }),
      `Resource *:orders must be in ARN format or "*".`,
    ],
    [
      "the empty text is no resource",
      "identity",
      identity({ ...good, Resource: "" }),
      `Resource  must be in ARN format or "*".`,
    ],
    [
      "an unfinished variable is refused",
      "identity",
      identity({ ...good, Resource: "arn:aws:s3:::${aws:username" }),
      syntax,
    ],
    [
      "an empty variable is refused",
      "identity",
      identity({ ...good, Resource: `arn:aws:s3:::${variable("")}` }),
      syntax,
    ],
    [
      "a variable is a condition key",
      "identity",
      identity({ ...good, Resource: `arn:aws:s3:::${variable("username")}` }),
      syntax,
    ],
    [
      "a default stands in quotes",
      "identity",
      identity({ ...good, Resource: `arn:aws:s3:::${variable("aws:username, guest")}` }),
      syntax,
    ],
    [
      "a Sid is letters and digits",
      "identity",
      identity({ ...good, Sid: "my statement" }),
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    ],
    [
      "a Sid in a resource policy may hold spaces",
      "resource",
      identity({ ...open, Sid: "my statement" }),
      undefined,
    ],
    ["a Sid is a text", "identity", identity({ ...good, Sid: 5 }), syntax],
    [
      "a Sid is used once",
      "identity",
      documentOf([
        { ...good, Sid: "A" },
        { ...good, Sid: "A" },
      ]),
      "Statement IDs (SID) in a single policy must be unique.",
    ],
    [
      "Sids differ by case",
      "identity",
      documentOf([
        { ...good, Sid: "A" },
        { ...good, Sid: "a" },
      ]),
      undefined,
    ],

    ["an identity policy names no principal", "identity", identity(open), noPrincipal],
    [
      "an identity policy spares no principal",
      "identity",
      identity({ ...good, NotPrincipal: "*" }),
      noPrincipal,
    ],
    ["a session policy names no principal", "session", identity(open), noPrincipal],
    ["a boundary names no principal", "boundary", identity(open), noPrincipal],
    [
      "a resource policy names principals",
      "resource",
      identity(good),
      "Missing required field Principal",
    ],
    [
      "a trust policy names principals",
      "trust",
      identity({ Effect: "Allow", Action: "sts:AssumeRole" }),
      "Missing required field Principal",
    ],
    ["a trust policy", "trust", identity(trust), undefined],
    [
      "a trust policy speaks of STS alone",
      "trust",
      identity({ ...trust, Action: "*" }),
      "AssumeRole policy may only specify STS AssumeRole actions.",
    ],
    [
      "a trust policy may tag sessions",
      "trust",
      identity({ ...trust, Action: ["sts:AssumeRole", "sts:TagSession"] }),
      undefined,
    ],
    [
      "a trust policy has no resource",
      "trust",
      identity({ ...trust, Resource: "*" }),
      "Has prohibited field Resource",
    ],
    [
      "Principal and NotPrincipal exclude each other",
      "resource",
      identity({ ...open, NotPrincipal: "*" }),
      syntax,
    ],
    [
      "a principal of no kind is refused",
      "resource",
      principal({}),
      "Missing required field Principal",
    ],
    [
      "a principal of an unknown kind is refused",
      "resource",
      principal({ User: "alice" }),
      `Invalid principal in policy: "User":"alice"`,
    ],
    [
      "a principal is everyone or an object",
      "resource",
      principal("alice"),
      "Invalid principal in policy.",
    ],
    [
      "an empty list of principals is refused",
      "resource",
      principal({ AWS: [] }),
      "Invalid principal in policy.",
    ],
    [
      "a principal's ARN has no wildcard",
      "resource",
      principal({ AWS: `arn:aws:iam::${home}:user/*` }),
      `Invalid principal in policy: "AWS":"arn:aws:iam::${home}:user/*"`,
    ],
    [
      "an account has twelve digits",
      "resource",
      principal({ AWS: "1234" }),
      `Invalid principal in policy: "AWS":"1234"`,
    ],
    [
      "a group is no principal",
      "resource",
      principal({ AWS: `arn:aws:iam::${home}:group/g` }),
      `Invalid principal in policy: "AWS":"arn:aws:iam::${home}:group/g"`,
    ],
    [
      "a service is named by its host",
      "resource",
      principal({ Service: "*" }),
      `Invalid principal in policy: "Service":"*"`,
    ],
    [
      "a canonical user has 64 digits",
      "resource",
      principal({ CanonicalUser: "x" }),
      `Invalid principal in policy: "CanonicalUser":"x"`,
    ],
    [
      "a SAML provider is a principal",
      "trust",
      identity({ ...trust, Principal: { Federated: `arn:aws:iam::${home}:saml-provider/corp` } }),
      undefined,
    ],

    ["an empty condition is none", "identity", where({}), undefined],
    ["a condition is an object", "identity", where("x"), syntax],
    ["an operator holds keys", "identity", where({ StringEquals: "x" }), syntax],
    [
      "an unknown operator is refused",
      "identity",
      where({ StringMatches: { "aws:username": "x" } }),
      "Invalid Condition type : StringMatches.",
    ],
    [
      "operators mind case",
      "identity",
      where({ stringequals: { "aws:username": "x" } }),
      "Invalid Condition type : stringequals.",
    ],
    [
      "Null has no IfExists",
      "identity",
      where({ NullIfExists: { "aws:username": "true" } }),
      "Invalid Condition type : NullIfExists.",
    ],
    [
      "an unknown qualifier is refused",
      "identity",
      where({ "ForSome:StringEquals": { "aws:username": "x" } }),
      "Invalid Condition type : ForSome:StringEquals.",
    ],
    [
      "a condition key has its service",
      "identity",
      where({ StringEquals: { username: "x" } }),
      vendor,
    ],
    [
      "a condition key in two spellings is refused",
      "identity",
      where({ StringEquals: { "aws:username": "x", "aws:UserName": "y" } }),
      syntax,
    ],
    [
      "a key may belong to an identity provider",
      "identity",
      where({ StringEquals: { "accounts.google.com:aud": "x" } }),
      undefined,
    ],
    [
      "a condition needs a value",
      "identity",
      where({ StringEquals: { "aws:username": [] } }),
      syntax,
    ],
    ["a value is no object", "identity", where({ StringEquals: { "aws:username": {} } }), syntax],
    ["a value is not null", "identity", where({ StringEquals: { "aws:username": null } }), syntax],
    [
      "a number must be one",
      "identity",
      where({ NumericEquals: { "s3:max-keys": "ten" } }),
      syntax,
    ],
    [
      "a date must be one",
      "identity",
      where({ DateLessThan: { "aws:CurrentTime": "2026-13-01" } }),
      syntax,
    ],
    [
      "a boolean must be one",
      "identity",
      where({ Bool: { "aws:SecureTransport": "yes" } }),
      syntax,
    ],
    [
      "Null asks for true or false",
      "identity",
      where({ Null: { "aws:username": "maybe" } }),
      syntax,
    ],
    ["bytes must be base64", "identity", where({ BinaryEquals: { "x:y": "%%" } }), syntax],
    [
      "an address must be one",
      "identity",
      where({ IpAddress: { "aws:SourceIp": "300.1.1.1" } }),
      syntax,
    ],
    [
      "a range's mask must fit",
      "identity",
      where({ IpAddress: { "aws:SourceIp": "10.0.0.0/33" } }),
      syntax,
    ],
  ];
