import type { ComponentApi } from "../component/_generated/component.js";
import type { Warnings } from "../shared/warnings.js";
import type { Config } from "./options.js";

/** A cache, as its calls need it. */
export type Cache = {
  name: string;
  component: ComponentApi;
  config: Config;
  warnings: Warnings;
  tenant: string | undefined;
};
