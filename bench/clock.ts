/** The clock that the benchmark's functions read, which it can move and hold. */

const real = Date.now.bind(Date);
let ahead = 0;
let heldAt: number | null = null;

const now = () => heldAt ?? real() + ahead;

/** Lets time pass at once. */
export function advance(ms: number): void {
  Date.now = now;
  if (heldAt === null) ahead += ms;
  else heldAt += ms;
}

/** Holds the clock at a time while something runs, so that two runs of it can't differ by that. */
export async function holdClock<T>(at: number, work: () => Promise<T>): Promise<T> {
  heldAt = at;
  Date.now = now;
  try {
    return await work();
  } finally {
    heldAt = null;
  }
}
