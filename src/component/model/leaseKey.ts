import { digest } from "../../shared/key.js";
import type { EntryKey } from "../../shared/protocol.js";

/** Names an entry apart from its row: short and of one size, so that what it stands in is a small row. */
export const leaseKeyOf = ({ name, key }: Pick<EntryKey, "name" | "key">) => digest([name, key]);
