import { expect, test } from "vitest";
import * as client from "../client/index.js";
import * as testing from "../test.js";

test("the time constants are milliseconds, and exported from both entries", () => {
  const constants = { SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 };
  expect(client).toMatchObject(constants);
  expect(testing).toMatchObject(constants);
});
