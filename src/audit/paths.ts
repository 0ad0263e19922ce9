import { join } from "node:path";

/** The files in the trail's folder, beside the segments. */
export const trailPaths = (directory: string) => ({
  heads: join(directory, "heads"),
  checkpoints: join(directory, "checkpoints"),
  publicKey: join(directory, "trail.pub"),
});
