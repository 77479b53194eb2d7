import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Contention, measureContention, RELATIONS, relations } from "./contention.js";
import { ours, peer } from "./subjects.js";

describe("contention", () => {
  let contention: Contention;
  beforeAll(async () => {
    contention = await measureContention(ours);
  });

  afterEach(() => void vi.restoreAllMocks());

  test.each(relations.filter((relation) => !RELATIONS[relation].mayConflict))(
    "never: %s",
    (relation) => {
      expect(contention[relation].pairs).toBeGreaterThan(0);
      expect(contention[relation].conflicts).toEqual([]);
    },
  );

  test("is found where it must be: two claims of one entry, two ends of one fill", () => {
    expect(contention["the same entry"].conflicts).toEqual(
      expect.arrayContaining([
        "claim (missing) and claim (missing)",
        "settle (filling) and settle (filling)",
        "settle (filling) and remove (filling)",
      ]),
    );
  });

  test("is found between a clear and the end of a fill that it voids", () => {
    expect(contention["a clear and an entry of its name"].conflicts).toContain(
      "clear of bench and settle (filling)",
    );
  });

  test("is found in 0.3.1, whose clears delete the same rows", async () => {
    vi.spyOn(console, "debug").mockReturnValue(undefined);
    const { conflicts } = (await measureContention(peer))["two clears of one name"];
    expect(conflicts).toHaveLength(1);
  });
});
