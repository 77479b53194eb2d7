import type { Doc } from "../../_generated/dataModel.js";

/** The most that one transaction evicts: as many rows, bytes and documents as other housekeeping deletes. */
const MAX_ROWS = 256;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DOCUMENTS = 2048;

/** The documents of an entry whatever it is: its row, its resident, its metadata, and what tells that it was evicted. */
const OWN_DOCUMENTS = 4;

/** What a transaction that evicts has room for. */
export class Room {
  #rows = MAX_ROWS;
  #bytes = MAX_BYTES;
  #documents = MAX_DOCUMENTS;

  /** Takes the room that evicting an entry needs, if there is as much; the first has it whatever it needs. */
  take({ size, dependents = 0 }: Pick<Doc<"residents">, "size" | "dependents">): boolean {
    const documents = OWN_DOCUMENTS + dependents;
    const fits = this.#rows > 0 && size <= this.#bytes && documents <= this.#documents;
    if (!fits && this.#rows < MAX_ROWS) return false;
    this.#rows -= 1;
    this.#bytes -= size;
    this.#documents -= documents;
    return true;
  }
}
