/** How a processor's system calls are numbered, for the calls that a cell may not make. */
interface Numbering {
  /** AUDIT_ARCH_* of the processor. */
  readonly audit: number;
  readonly socket: number;
  readonly denied: readonly number[];
  /** Calls of the x32 ABI start here: the same kernel functions under other numbers. */
  readonly foreignFrom?: number;
}

/** Numbered alike on every processor: io_uring (3), mount api (6), pidfd_getfd, and two younger ones. */
const deniedEverywhere = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 443];

/**
 * What neither a JVM, Node, Python nor a database needs, and what past escapes were built from:
 * tracing, keyrings, mounts, namespaces, modules, bpf, perf, userfaultfd, handles, clocks, swap.
 * In order: ptrace syslog personality pivot_root chroot adjtimex acct settimeofday mount umount2
 * swapon swapoff reboot sethostname setdomainname init_module delete_module quotactl
 * lookup_dcookie clock_settime kexec_load add_key request_key keyctl migrate_pages unshare
 * move_pages perf_event_open fanotify_init name_to_handle_at open_by_handle_at clock_adjtime setns
 * process_vm_readv process_vm_writev kcmp finit_module kexec_file_load bpf userfaultfd;
 * on x64 also uselib iopl ioperm.
 */
const numberings: Readonly<Record<string, Numbering>> = {
  x64: {
    audit: 0xc000003e,
    socket: 41,
    foreignFrom: 0x40000000,
    denied: [
      101, 103, 135, 155, 161, 159, 163, 164, 165, 166, 167, 168, 169, 170, 171, 175, 176, 179, 212,
      227, 246, 248, 249, 250, 256, 272, 279, 298, 300, 303, 304, 305, 308, 310, 311, 312, 313, 320,
      321, 323, 134, 172, 173,
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    socket: 198,
    denied: [
      117, 116, 92, 41, 51, 171, 89, 170, 40, 39, 224, 225, 142, 161, 162, 105, 106, 60, 18, 112,
      104, 217, 218, 219, 238, 97, 239, 241, 262, 264, 265, 266, 268, 270, 271, 272, 273, 294, 280,
      282,
    ],
  },
};

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Not AF_VSOCK: a network namespace does not hold it. */
const socketFamilies = [1, 2, 10, 16];

const load = 0x20;
const jumpIfEqual = 0x15;
const jumpIfAtLeast = 0x35;
const give = 0x06;
const killProcess = 0x80000000;
const allowed = 0x7fff0000;
const refused = 0x00050001; // EPERM
const noSuchFamily = 0x00050061; // EAFNOSUPPORT

type Target = "next" | "skip" | "allow" | "deny";
type Instruction = readonly [code: number, value: number, whenTrue?: Target, whenFalse?: Target];

function instructions(numbering: Numbering): Instruction[] {
  const { audit, socket, denied, foreignFrom } = numbering;
  return [
    [load, 4],
    [jumpIfEqual, audit, "skip"],
    [give, killProcess],
    [load, 0],
    ...(foreignFrom === undefined ? [] : [[jumpIfAtLeast, foreignFrom, "deny"] as const]),
    ...[...denied, ...deniedEverywhere].map((call) => [jumpIfEqual, call, "deny"] as const),
    [jumpIfEqual, socket, "next", "allow"],
    [load, 16],
    ...socketFamilies.map((family) => [jumpIfEqual, family, "allow"] as const),
    [give, noSuchFamily],
    [give, refused],
    [give, allowed],
  ];
}

/** The filter as the kernel reads it, or undefined for a processor that is not in the table. */
export function seccompFilter(arch: string): Buffer | undefined {
  const numbering = numberings[arch];
  if (!numbering) return undefined;
  const program = instructions(numbering);
  const last = program.length - 1;
  const filter = Buffer.alloc(program.length * 8);
  program.forEach(([code, value, whenTrue = "next", whenFalse = "next"], at) => {
    const distance = { next: 0, skip: 1, allow: last - at - 1, deny: last - at - 2 };
    filter.writeUInt16LE(code, at * 8);
    filter.writeUInt8(code === load || code === give ? 0 : distance[whenTrue], at * 8 + 2);
    filter.writeUInt8(code === load || code === give ? 0 : distance[whenFalse], at * 8 + 3);
    filter.writeUInt32LE(value, at * 8 + 4);
  });
  return filter;
}
