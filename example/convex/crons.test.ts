import { expect, test } from "vitest";
import crons from "./crons.js";

test("the places asked for lately are warmed every half an hour, and old traffic is forgotten", () => {
  expect(Object.values(crons.crons)).toEqual([
    { name: "weather:warm", args: [{}], schedule: { type: "interval", minutes: 30 } },
    {
      name: "upstream:forgetOldTraffic",
      args: [{}],
      schedule: { type: "interval", minutes: 10 },
    },
  ]);
});
