/** What the command line knows of the process it runs in; `main.ts` fills it. */
export interface Surroundings {
  readonly args: readonly string[];
  readonly home: string;
  readonly workingDirectory: string;
  /** Where data of this user lies: `~/.local/share`. */
  readonly dataHome: string;
  /** Where engines and clients are kept. */
  readonly cache: string;
  readonly flinkHome?: string;
  readonly passphrase?: string;
  /** Directory of systemd's credentials. */
  readonly systemdCredentials?: string;
  readonly awsConfigFile?: string;
  readonly awsCredentialsFile?: string;
  /** The environment, for the variables that the AWS tools put before a profile. */
  readonly awsVariables?: Readonly<Record<string, string | undefined>>;
  /** The environment without what is ours: for PKCS#11 modules of the operator's. */
  readonly moduleEnv?: Readonly<Record<string, string>>;
  readonly path: string;
  readonly colour: boolean;
}

/** Where a command writes. Results go to `out`; progress and advice to `note`, which `--json` silences. */
export interface Output {
  readonly json: boolean;
  out(line: string): void;
  note(line: string): void;
}

/** A failure that the user can do something about: its message is all that is shown. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
