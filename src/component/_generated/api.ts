/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as crons from "../crons.js";
import type * as entries from "../entries.js";
import type * as fills from "../fills.js";
import type * as invalidations from "../invalidations.js";
import type * as lib from "../lib.js";
import type * as model_budget from "../model/budget.js";
import type * as model_changes from "../model/changes.js";
import type * as model_claims from "../model/claims.js";
import type * as model_codec from "../model/codec.js";
import type * as model_commitOrder from "../model/commitOrder.js";
import type * as model_content from "../model/content.js";
import type * as model_dependents from "../model/dependents.js";
import type * as model_drain from "../model/drain.js";
import type * as model_entries from "../model/entries.js";
import type * as model_folding from "../model/folding.js";
import type * as model_invalidations from "../model/invalidations.js";
import type * as model_judge from "../model/judge.js";
import type * as model_leases from "../model/leases.js";
import type * as model_living from "../model/living.js";
import type * as model_lookup from "../model/lookup.js";
import type * as model_peer from "../model/peer.js";
import type * as model_purge from "../model/purge.js";
import type * as model_rehydrating from "../model/rehydrating.js";
import type * as model_rememberedFailures from "../model/rememberedFailures.js";
import type * as model_running from "../model/running.js";
import type * as model_scheduling from "../model/scheduling.js";
import type * as model_settling from "../model/settling.js";
import type * as model_storedErrors from "../model/storedErrors.js";
import type * as model_sweeping from "../model/sweeping.js";
import type * as model_tags from "../model/tags.js";
import type * as purge from "../purge.js";
import type * as rehydration from "../rehydration.js";
import type * as validators from "../validators.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  crons: typeof crons;
  entries: typeof entries;
  fills: typeof fills;
  invalidations: typeof invalidations;
  lib: typeof lib;
  "model/budget": typeof model_budget;
  "model/changes": typeof model_changes;
  "model/claims": typeof model_claims;
  "model/codec": typeof model_codec;
  "model/commitOrder": typeof model_commitOrder;
  "model/content": typeof model_content;
  "model/dependents": typeof model_dependents;
  "model/drain": typeof model_drain;
  "model/entries": typeof model_entries;
  "model/folding": typeof model_folding;
  "model/invalidations": typeof model_invalidations;
  "model/judge": typeof model_judge;
  "model/leases": typeof model_leases;
  "model/living": typeof model_living;
  "model/lookup": typeof model_lookup;
  "model/peer": typeof model_peer;
  "model/purge": typeof model_purge;
  "model/rehydrating": typeof model_rehydrating;
  "model/rememberedFailures": typeof model_rememberedFailures;
  "model/running": typeof model_running;
  "model/scheduling": typeof model_scheduling;
  "model/settling": typeof model_settling;
  "model/storedErrors": typeof model_storedErrors;
  "model/sweeping": typeof model_sweeping;
  "model/tags": typeof model_tags;
  purge: typeof purge;
  rehydration: typeof rehydration;
  validators: typeof validators;
}> = anyApi as any;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
> = anyApi as any;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
> = anyApi as any;

export const components = componentsGeneric() as unknown as {};
