/** Lets a number of jobs run at a time; the others wait in the order in which they came. */
export interface JobQueue {
  /** Runs a job when it is its turn. A job that was removed before that is refused. */
  run<Result>(id: string, job: () => Promise<Result>): Promise<Result>;
  /** Waits for a turn, for work that is more than one call; `leave` ends it. */
  enter(id: string): Promise<{ leave(): void }>;
  /** Takes a job that waits out of the queue; false when none of that name waits. */
  remove(id: string): boolean;
}

/** Somebody asked for more than may wait. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
}

interface Waiting {
  readonly id: string;
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

/** Makes a queue. */
export function createJobQueue(limits: {
  readonly running: number;
  readonly waiting: number;
}): JobQueue {
  const waiting: Waiting[] = [];
  let running = 0;

  function turn(id: string): Promise<void> {
    if (running < limits.running) {
      running += 1;
      return Promise.resolve();
    }
    if (waiting.length >= limits.waiting) {
      return Promise.reject(new QueueFull(`${limits.waiting} jobs wait already: try again later`));
    }
    return new Promise((go, refuse) => {
      waiting.push({ id, go, refuse });
    });
  }

  function next(): void {
    const first = waiting.shift();
    if (first) first.go();
    else running -= 1;
  }

  return {
    async enter(id) {
      await turn(id);
      let left = false;
      return {
        leave() {
          if (!left) next();
          left = true;
        },
      };
    },
    async run(id, job) {
      await turn(id);
      try {
        return await job();
      } finally {
        next();
      }
    },
    remove(id) {
      const at = waiting.findIndex((each) => each.id === id);
      const [found] = at < 0 ? [] : waiting.splice(at, 1);
      found?.refuse(new Error("the job was cancelled before its turn"));
      return found !== undefined;
    },
  };
}
