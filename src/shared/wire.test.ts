import { fc, test as property } from "@fast-check/vitest";
import type { Value } from "convex/values";
import { expect, test } from "vitest";
import { anyValue, nested } from "../testing/values.js";
import { fromWire, toWire } from "./wire.js";
import { nesting } from "./values.js";

property.prop({ value: anyValue, levels: fc.constantFrom(0, 0, 40, 60) })(
  "any value comes back as it was",
  ({ value, levels }) => {
    const whole = nested(levels, value);
    expect(fromWire(toWire(whole))).toStrictEqual(whole);
  },
);

test.each([1, 48, 49, 64])(
  "a value that nests %i deep crosses within Convex's 64 levels",
  (deep) => {
    // The requests of a call carry it four levels deep.
    const wire = toWire(nested(deep)) as Value;
    expect(nesting([{ entry: { content: wire } }])).toBeLessThanOrEqual(64);
  },
);
