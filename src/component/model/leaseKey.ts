import { digest } from "../../shared/key.js";
import type { EntryKey } from "../../shared/protocol.js";

/** 144 bits: nobody makes two entries meet in these, and each fill reads and writes them several times. */
const LENGTH = 24;

/** Names an entry apart from its row: short and of one size, so that what it stands in is a small row. */
export async function leaseKeyOf({ name, key }: Pick<EntryKey, "name" | "key">): Promise<string> {
  return (await digest([name, key])).slice(0, LENGTH);
}
