import { alice, approve, bob, closed, copying, statement } from "../src/protection/cases/scene.ts";
import { judgeFlow } from "../src/protection/judge-flow.ts";
import { median, type Row } from "./measure.ts";

const callsPerWindow = 20_000;
const windows = 9;

/** What the judge of flows costs, with twenty exceptions of which the last lets the rows out. */
export function protectionRow(): Row {
  const others = Array.from({ length: 19 }, (_, at) =>
    statement({
      Principal: at % 2 === 0 ? alice : bob,
      Resource: `acs:odps:*:projects/source/tables/other_${at}`,
      Condition: { StringEquals: { "odps:TaskType": ["DT"] } },
    }),
  );
  const lasting = statement({ Condition: { StringEquals: { "odps:TaskType": ["SQL"] } } });
  const project = { ...closed, exceptions: approve(...others, lasting) };
  const flow = { ...copying, principal: alice };
  const measured: number[] = [];
  for (let window = 0; window < windows; window += 1) {
    const before = process.cpuUsage();
    for (let call = 0; call < callsPerWindow; call += 1) {
      if (!judgeFlow(flow, project).allowed) throw new Error("refused");
    }
    const { user, system } = process.cpuUsage(before);
    measured.push((callsPerWindow * 1e6) / (user + system));
  }
  const perCpuSecond = median(measured);
  return {
    title: "protection alone, twenty exceptions (20 µs are 50,000)",
    bar: { atLeast: 50_000 },
    reached: [{ name: "Bondstore", perCpuSecond, perSecond: perCpuSecond, failed: 0 }],
  };
}
