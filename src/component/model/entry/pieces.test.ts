import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { fromJson, toJson, toWire } from "../../../shared/wire.js";
import { pieces } from "./content.js";

const bytesOf = (string: string) => new TextEncoder().encode(string).length;

property.prop({
  whole: fc.string({ unit: "grapheme", maxLength: 60 }),
  maxBytes: fc.integer({ min: 4, max: 20 }),
})(
  "a string is cut into pieces that fit, none of them in the middle of a character",
  ({ whole, maxBytes }) => {
    const cut = [...pieces(whole, maxBytes)];
    expect(cut.map(({ piece }) => piece).join("")).toBe(whole);
    for (const { piece, bytes } of cut) {
      expect(bytes).toBe(bytesOf(piece));
      expect(bytes).toBeLessThanOrEqual(maxBytes);
      expect(piece.isWellFormed()).toBe(true);
    }
    // As few as can be: no two neighbours would fit into one.
    for (let n = 1; n < cut.length; n++) {
      const [first] = cut[n]!.piece;
      expect(cut[n - 1]!.bytes + bytesOf(first!)).toBeGreaterThan(maxBytes);
    }
  },
);

test.each(["\ufeff" + "x".repeat(300), "\ufeff", "🌮".repeat(1000), "\u0000\u0001\u2028"])(
  "text comes back as it was, whatever it begins with: %j",
  (text) => {
    const wire = toWire({ text: text + "y".repeat(1_000_000) });
    expect("json" in wire).toBe(true);
    const cut = [...pieces(toJson({ text }), 100)].map(({ piece }) => piece);
    expect(fromJson(cut.join(""))).toEqual({ text });
  },
);
