import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation } from "../../../pipeline/operation.ts";
import type { OdpsCall } from "../find-project.ts";
import { rfc822 } from "../table-answer.ts";
import { pageOf } from "../tables.ts";
import { checkType, type VolumeTarget, volumeOf } from "./find.ts";
import { checkPartition, checkPath, joinPath } from "./path.ts";
import type { EntryRecord } from "./records.ts";
import { changeVolume, entriesIn, findEntry, noSuchPath, removeEntry } from "./tree.ts";
import { contentOf, headersOf } from "./volumes.ts";

/** Some of what is in a directory, of names that begin as is asked, in the order by which pages go on. */
export function pageOfEntries(entries: Iterable<EntryRecord>, input: OdpsInput) {
  const { name: begins = "", owner: of = "" } = input.parameters;
  const wanted = [...entries].filter(
    ({ name, owner }) => name.startsWith(begins) && (of === "" || owner === of),
  );
  wanted.sort((one, other) => (one.name < other.name ? -1 : 1));
  return pageOf(wanted, ({ name }) => name, input);
}

/** The partition that the path names. */
function partitionIn(target: VolumeTarget, { labels }: OdpsInput): EntryRecord {
  checkType(target, "old");
  const name = labels["Partition"] ?? "";
  const found = findEntry(target, checkPartition(name));
  if (!found) throw noSuchPath(name);
  return found;
}

const metaOf = ({ name, owner, createdAtMs, modifiedAtMs }: EntryRecord) => ({
  ...{ Name: name, Owner: owner, Comment: "", Type: "old" },
  ...{ CreationTime: rfc822(createdAtMs), LastModifiedTime: rfc822(modifiedAtMs) },
});

/** Lists partitions of a volume by name, some at a time. */
export const listVolumePartitions = operation("ListVolumePartitions", {
  resolve: volumeOf,
  action: "Read",
  handle(target: VolumeTarget, input): OdpsAnswer {
    checkType(target, "old");
    const { page, ...rest } = pageOfEntries(entriesIn(target, ""), input);
    const Partitions = { Partition: page.map(metaOf) };
    return { document: { Volume: { Partitions, ...rest } } };
  },
});

/** Tells all of a partition but what is in it. */
export const getVolumePartition = operation("GetVolumePartition", {
  resolve: volumeOf,
  action: "Read",
  handle(target: VolumeTarget, input): OdpsAnswer {
    const partition = partitionIn(target, input);
    const Meta = { ...metaOf(partition), ...contentOf(target, partition.name) };
    return { document: { Meta }, headers: headersOf(partition) };
  },
});

/** Lists what is in a directory of a partition by name, directories with a slash behind them. */
export const listVolumeFiles = operation("ListVolumeFiles", {
  resolve: volumeOf,
  action: "Read",
  handle(target: VolumeTarget, input): OdpsAnswer {
    const partition = partitionIn(target, input);
    const directory = joinPath(partition.name, checkPath(input.parameters["path"] ?? ""));
    const found = entriesIn(target, directory.replace(/\/$/, ""));
    const { page, ...rest } = pageOfEntries(found, input);
    const Item = page.map(({ name, isDirectory }) => ({ Name: isDirectory ? `${name}/` : name }));
    return { document: { Items: { Item, ...rest } } };
  },
});

/** Removes a partition with its files. */
export const deleteVolumePartition = operation("DeleteVolumePartition", {
  resolve: volumeOf,
  action: "Write",
  async handle(target: VolumeTarget, input, call: OdpsCall, judgeAgain): Promise<OdpsAnswer> {
    await changeVolume(target, call, judgeAgain, () => {
      removeEntry(target, partitionIn(target, input));
    });
    return {};
  },
});
