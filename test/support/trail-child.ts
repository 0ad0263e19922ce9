import { openInstallation, sampleEvent } from "./trail.ts";

/** Records events without end and prints the number of each once it is acknowledged. To be killed. */
const [data = "", first = "0"] = process.argv.slice(2);
const trail = await (await openInstallation(data)).openTrail();
let next = Number(first);

async function recordOn(): Promise<void> {
  for (;;) {
    const number = next;
    next += 1;
    await trail.record(
      sampleEvent(number, { requestParameters: { text: "x".repeat(number % 3000) } }),
    );
    process.stdout.write(`${number}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, recordOn));
