import { type Infer, v } from "convex/values";

/** An error, as it crosses: `data` is the JSON of a `ConvexError`'s data. */
export const wireError = v.object({
  kind: v.union(v.literal("convex"), v.literal("other")),
  message: v.string(),
  data: v.optional(v.string()),
});
export type WireError = Infer<typeof wireError>;
