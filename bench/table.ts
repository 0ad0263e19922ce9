import type { Row } from "./measure.ts";

const columns = [
  "work",
  "Bondstore per CPU s",
  "per s",
  "peer per CPU s",
  "per s",
  "ratio",
  "bar",
  "",
];

/** The rows as a table of Markdown, to read and to keep. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [columns, columns.map(() => "---"), ...rows.map(cellsOf)];
  return cells.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cellsOf({ title, bar, reached }: Row): string[] {
  const [own, peer] = reached;
  const ratio = own && peer ? own.perCpuSecond / peer.perCpuSecond : undefined;
  const failed = reached.reduce((sum, one) => sum + one.failed, 0);
  return [
    failed > 0 ? `${title} (${failed} FAILED)` : title,
    shown(own?.perCpuSecond),
    shown(own?.perSecond),
    peer ? `${peer.name} ${shown(peer.perCpuSecond)}` : "",
    shown(peer?.perSecond),
    ratio === undefined ? "" : `${ratio.toFixed(2)}×`,
    barText(bar),
    verdict(bar, own?.perCpuSecond, ratio),
  ];
}

const shown = (value: number | undefined): string =>
  value === undefined
    ? ""
    : value < 100
      ? value.toPrecision(3)
      : Math.round(value).toLocaleString("en-US");

function barText(bar: Row["bar"]): string {
  if (!bar) return "";
  return "times" in bar
    ? `≥ ${Number(bar.times.toFixed(2))}×`
    : `≥ ${bar.atLeast.toLocaleString("en-US")}`;
}

function verdict(
  bar: Row["bar"],
  perCpuSecond: number | undefined,
  ratio: number | undefined,
): string {
  if (!bar) return "";
  if ("times" in bar) return ratio === undefined ? "no peer" : met(ratio >= bar.times);
  return met((perCpuSecond ?? 0) >= bar.atLeast);
}

export const met = (reached: boolean): string => (reached ? "reached" : "missed");
