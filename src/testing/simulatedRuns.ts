/** What a simulation knows of those who fetch, and of the runs that they make. */

/** One run, for one entry: of the action, of an item of a batch, or inline. */
export type Run = {
  id: number;
  key: number;
  /** Its place in the order of all events. */
  began: number;
  holder: Caller;
  /** The value that it may keep. */
  previous: string | undefined;
  /** How it ends, once that is decided; a batch goes on until it is decided of all in it. */
  how: "finish" | "fail" | "unmodified" | undefined;
  /** The runs of the same call, itself among them, and what ends that call. */
  together: Run[];
  end: () => void;
  state: "running" | "ended" | "crashed";
  /** When it ended, in the order of all events. */
  endedAt: number;
  /** Whether its lease may be given to another while it runs. */
  voided: boolean;
  /** Whether it will turn out, when it ends, that nobody else may have its value. */
  doomed: boolean;
  /** Whether those who wait for it will claim anew, though nothing keeps its value from them. */
  isUseless: boolean;
};

/** One fetch that has not been answered. */
export type Caller = {
  key: number;
  force: boolean;
  began: number;
  /** How often a fill that it may have waited for was voided. */
  setbacks: number;
  crash: () => void;
  crashed: boolean;
  runs: number;
};

/** The key whose entry is a tenant's. */
export const TENANTS_KEY = 2;

/** A value tells where it comes from. */
export const valueOf = (run: { id: number; key: number }) => `key ${run.key} run ${run.id}`;
