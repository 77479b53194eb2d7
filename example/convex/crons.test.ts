import { expect, test } from "vitest";
import crons from "./crons.js";

test("warms popular places every hour, off the top of the hour", () => {
  expect(Object.values(crons.crons)).toEqual([
    {
      name: "weather:warm",
      args: [{ names: expect.arrayContaining(["Berlin", "Tokyo"]) as string[] }],
      schedule: { type: "hourly", minuteUTC: 17 },
    },
  ]);
});
