/** Counts steps once it is armed, and kills this process with -9 at one of them. */
export function deathAt(stepMax: number): { armed: boolean; readonly step: () => void } {
  let steps = 0;
  const death = {
    armed: false,
    step() {
      steps += death.armed ? 1 : 0;
      if (death.armed && steps === stepMax) process.kill(process.pid, "SIGKILL");
    },
  };
  return death;
}
