import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { Command } from "commander";
import { askAdmin } from "./ask-admin.ts";
import { addDataOptions, type DataOptions } from "./options.ts";
import { outputOf } from "./output.ts";
import { CommandFailure, type Surroundings } from "./surroundings.ts";

interface ConnectOptions {
  readonly endpoint: string;
  readonly cluster: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

interface AttachOptions extends DataOptions {
  readonly module: string;
  readonly token: string;
  readonly account: string;
}

const help = `
For p11-kit: a file such as ~/.config/pkcs11/modules/bondstore.module with the line
  remote: |bondstore hsm connect --endpoint HOST:PORT --cluster ID --cert FILE --key FILE --ca FILE
makes the cluster a PKCS#11 module of every program that uses p11-kit.
Exit status: 0 the other side ended it, 1 no connection, 2 wrong usage.`;

/** `bondstore hsm`: what applications need to reach HSMs. */
export function hsmCommand(around: Surroundings): Command {
  const command = new Command("hsm").description("reach the HSMs of a cluster");
  command
    .command("connect")
    .description("carry PKCS#11 calls between standard input and output and a cluster, over TLS")
    .requiredOption("--endpoint <host:port>", "address of the HSMs' port")
    .requiredOption("--cluster <id>", "the cluster")
    .requiredOption("--cert <file>", "certificate of this client, PEM")
    .requiredOption("--key <file>", "its private key, PEM")
    .requiredOption("--ca <file>", "certificate of the cluster's owner, PEM")
    .addHelpText("after", help)
    .action((options: ConnectOptions) => carry(options, around));
  addDataOptions(command.command("attach"))
    .description("give a token of another maker's PKCS#11 module to an account's key stores")
    .requiredOption("--module <file>", "the module")
    .requiredOption("--token <label>", "the token")
    .requiredOption("--account <id>", "the account")
    .action(async (options: AttachOptions) => {
      const { module, token, account } = options;
      const input = { module: resolve(around.workingDirectory, module), token, account };
      print(await askAdmin("hsm-attach", input, options, around), options);
    });
  addDataOptions(command.command("attached"))
    .description("list the tokens that were given to accounts")
    .action(async (options: DataOptions) => {
      const answer = (await askAdmin("hsm-attached", {}, options, around)) as readonly object[];
      const output = outputOf(options.json ?? false);
      if (output.json) output.out(JSON.stringify(answer));
      else for (const one of answer) output.out(lines(one).join(" "));
    });
  askCommand(around, command, "detach", "take a token back that was given to an account");
  askCommand(around, command, "socket", "open the socket by which this user reaches a cluster");
  askCommand(around, command, "tamper", "destroy every key in a cluster: for a host's sensor");
  return command;
}

/** What is asked of the Bondstore that serves, with the cluster's id. */
function askCommand(
  around: Surroundings,
  parent: Command,
  name: "detach" | "socket" | "tamper",
  description: string,
): void {
  const command = parent.command(name).description(description).argument("<cluster>", "its id");
  addDataOptions(command).action(async (cluster: string, options: DataOptions) => {
    print(await askAdmin(`hsm-${name}`, { cluster }, options, around), options);
  });
}

function print(answer: unknown, { json = false }: DataOptions): void {
  const output = outputOf(json);
  if (output.json) output.out(JSON.stringify(answer));
  else for (const line of lines(answer)) output.out(line);
}

const lines = (answer: unknown): readonly string[] =>
  Object.entries(answer as Record<string, string>).map(([member, value]) => `${member}=${value}`);

function carry(options: ConnectOptions, around: Surroundings): Promise<void> {
  const { endpoint, cluster } = options;
  const [, host, port] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(endpoint) ?? [];
  if (host === undefined) throw new CommandFailure(`\`${endpoint}\` is not HOST:PORT`, 2);
  const file = (name: "cert" | "key" | "ca") => {
    try {
      return readFileSync(resolve(around.workingDirectory, options[name]));
    } catch (error) {
      throw new CommandFailure(`cannot read --${name}: ${(error as Error).message}`, 2);
    }
  };
  const [cert, key, ca] = [file("cert"), file("key"), file("ca")];
  return new Promise((done, reject) => {
    const socket = connect({
      ...{ host: host.replace(/^\[|\]$/g, ""), port: Number(port), cert, key, ca },
      servername: cluster,
      minVersion: "TLSv1.2",
      checkServerIdentity: (_name, shown) => checkCluster(cluster, shown),
    });
    socket.once("error", (error) =>
      reject(new CommandFailure(`no connection to ${cluster} at ${endpoint}: ${error.message}`)),
    );
    socket.once("secureConnect", () => {
      socket.setNoDelay(true);
      process.stdout.once("error", () => socket.destroy());
      process.stdin.pipe(socket);
      socket.pipe(process.stdout);
    });
    socket.once("close", () => {
      process.stdin.destroy();
      done();
    });
  });
}

/** The owner's authority may vouch for many: this certificate must be the cluster's, by its common name. */
function checkCluster(cluster: string, { subject }: PeerCertificate): Error | undefined {
  const { CN: name } = subject;
  if (name === cluster) return undefined;
  return new Error(`the certificate is one of \`${String(name)}\`, not of the cluster`);
}
