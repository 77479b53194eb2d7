/** What the app behind fixture.html has besides the functions of example/convex. */
import { inspectorApi } from "@convex-dev/action-cache";
import { components } from "../convex/_generated/api.js";

export const refusing = inspectorApi(components.actionCache, { allow: () => false });
export const readOnly = inspectorApi(components.actionCache, {
  allow: (_ctx, access) => access === "read",
});
