/** A Spark cluster as its operator names it: where its Spark Connect server listens. */
export interface ClusterAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** What the server asks of its clients. */
  readonly token?: string;
}

const portDefault = 15_002;

/** Reads `sc://host[:port][/;use_ssl=true]`, as Spark's clients do; undefined: it is none. A token has no place there. */
export function readClusterAddress(text: string): ClusterAddress | undefined {
  const [, host = "", port, ssl = "false"] =
    /^sc:\/\/(\[[\da-fA-F:]+\]|[\w.-]+)(?::(\d{1,5}))?(?:\/(?:;use_ssl=(true|false);?)?)?$/.exec(
      text,
    ) ?? [];
  const number = port === undefined ? portDefault : Number(port);
  if (host === "" || number < 1 || number > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: number, tls: ssl === "true" };
}

/** The place as the trail and exceptions name it: nothing of it is a secret. */
export const clusterLocation = ({ host, port }: ClusterAddress): string =>
  `sc://${host.includes(":") ? `[${host}]` : host}:${port}`;
