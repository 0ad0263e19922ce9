import { createAccess } from "../src/access/access.ts";
import type { AccessDemand, RequestFacts } from "../src/access/authorize.ts";
import type { User } from "../src/identity/principal.ts";
import { compilePolicy } from "../src/policy/policy.ts";
import { median, type Row } from "./measure.ts";

const account = "111122223333";
const callsPerWindow = 50_000;
const windows = 9;

const user: User = {
  kind: "user",
  account,
  arn: `arn:aws:iam::${account}:user/bench`,
  id: "AIDABENCH",
  tags: { team: "orders" },
  name: "bench",
};

/** Ten policies as people write them: one of a job, with some conditions; the last one allows. */
function tenPolicies() {
  const texts = Array.from({ length: 9 }, (_, index) => ({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: ["s3:GetObject", "s3:PutObject", "s3:List*"],
        Resource: [`arn:aws:s3:::team-${index}`, `arn:aws:s3:::team-${index}/*`],
        Condition: { StringEquals: { "aws:PrincipalTag/team": `team-${index}` } },
      },
      { Effect: "Allow", Action: ["kinesis:Get*", "kinesis:Describe*"], Resource: "*" },
      {
        Effect: "Deny",
        Action: "s3:DeleteBucket",
        Resource: "*",
        Condition: { Bool: { "aws:MultiFactorAuthPresent": "false" } },
      },
    ],
  }));
  const allowing = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: "s3:*Object",
        Resource: "arn:aws:s3:::orders/*",
        Condition: {
          IpAddress: { "aws:SourceIp": "10.0.0.0/8" },
          StringEquals: { "aws:PrincipalTag/team": "orders" },
        },
      },
    ],
  };
  return [...texts, allowing].map((text, index) => ({
    name: `policy-${index}`,
    policy: compilePolicy(JSON.stringify(text), "identity"),
  }));
}

/** What the judge alone costs for a user with ten attached policies, in operations per CPU second of this process. */
export function authorizationRow(): Row {
  const identity = tenPolicies();
  const access = createAccess({ directory: { policiesOf: () => ({ identity }) } });
  const facts: RequestFacts = {
    timeMs: Date.UTC(2026, 10, 22),
    region: "us-east-1",
    ip: "10.1.2.3",
    userAgent: "bench",
    secure: true,
  };
  const demands = Array.from(
    { length: 64 },
    (_, index): AccessDemand => ({
      action: "s3:GetObject",
      target: { arn: `arn:aws:s3:::orders/day/${index}.json`, account },
    }),
  );
  const measured: number[] = [];
  for (let window = 0; window < windows; window += 1) {
    const before = process.cpuUsage();
    for (let index = 0; index < callsPerWindow; index += 1) {
      const demand = demands[index % demands.length];
      if (!demand || !access.authorize(user, demand, facts).allowed) throw new Error("refused");
    }
    const { user: userUs, system } = process.cpuUsage(before);
    measured.push((callsPerWindow * 1e6) / (userUs + system));
  }
  const perCpuSecond = median(measured);
  return {
    title: "authorization alone, ten attached policies",
    bar: { atLeast: 100_000 },
    reached: [{ name: "Bondstore", perCpuSecond, perSecond: perCpuSecond, failed: 0 }],
  };
}
