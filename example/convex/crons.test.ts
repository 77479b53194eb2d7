import { expect, test } from "vitest";
import crons from "./crons.js";

test("warms the places asked for lately every half an hour", () => {
  expect(Object.values(crons.crons)).toEqual([
    { name: "weather:warm", args: [{}], schedule: { type: "interval", minutes: 30 } },
  ]);
});
