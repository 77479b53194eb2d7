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
import type * as eviction from "../eviction.js";
import type * as fills from "../fills.js";
import type * as inspect from "../inspect.js";
import type * as invalidations from "../invalidations.js";
import type * as lib from "../lib.js";
import type * as locks from "../locks.js";
import type * as maintenance from "../maintenance.js";
import type * as model_budget from "../model/budget.js";
import type * as model_checks from "../model/checks.js";
import type * as model_entry_content from "../model/entry/content.js";
import type * as model_entry_dependents from "../model/entry/dependents.js";
import type * as model_entry_rows from "../model/entry/rows.js";
import type * as model_entry_valid from "../model/entry/valid.js";
import type * as model_eviction_evict from "../model/eviction/evict.js";
import type * as model_eviction_idle from "../model/eviction/idle.js";
import type * as model_eviction_residents from "../model/eviction/residents.js";
import type * as model_eviction_survey from "../model/eviction/survey.js";
import type * as model_fill_claim from "../model/fill/claim.js";
import type * as model_fill_failures from "../model/fill/failures.js";
import type * as model_fill_lease from "../model/fill/lease.js";
import type * as model_fill_mutationFetch from "../model/fill/mutationFetch.js";
import type * as model_fill_run from "../model/fill/run.js";
import type * as model_fill_schedule from "../model/fill/schedule.js";
import type * as model_fill_settle from "../model/fill/settle.js";
import type * as model_gc_batch from "../model/gc/batch.js";
import type * as model_gc_candidates from "../model/gc/candidates.js";
import type * as model_gc_compact from "../model/gc/compact.js";
import type * as model_gc_due from "../model/gc/due.js";
import type * as model_gc_invalidations from "../model/gc/invalidations.js";
import type * as model_gc_keepHouse from "../model/gc/keepHouse.js";
import type * as model_gc_purge from "../model/gc/purge.js";
import type * as model_gc_sweep from "../model/gc/sweep.js";
import type * as model_inspect_cursor from "../model/inspect/cursor.js";
import type * as model_inspect_explain from "../model/inspect/explain.js";
import type * as model_inspect_list from "../model/inspect/list.js";
import type * as model_inspect_names from "../model/inspect/names.js";
import type * as model_inspect_recent from "../model/inspect/recent.js";
import type * as model_inspect_room from "../model/inspect/room.js";
import type * as model_invalidate from "../model/invalidate.js";
import type * as model_invalidation_append from "../model/invalidation/append.js";
import type * as model_invalidation_commitOrder from "../model/invalidation/commitOrder.js";
import type * as model_invalidation_listing from "../model/invalidation/listing.js";
import type * as model_invalidation_supersession from "../model/invalidation/supersession.js";
import type * as model_invalidation_tags from "../model/invalidation/tags.js";
import type * as model_invalidation_validity from "../model/invalidation/validity.js";
import type * as model_lease from "../model/lease.js";
import type * as model_leaseKey from "../model/leaseKey.js";
import type * as model_legacy from "../model/legacy.js";
import type * as model_lock from "../model/lock.js";
import type * as model_lookup from "../model/lookup.js";
import type * as model_operate_clear from "../model/operate/clear.js";
import type * as model_operate_entries from "../model/operate/entries.js";
import type * as model_operate_format from "../model/operate/format.js";
import type * as model_operate_recent from "../model/operate/recent.js";
import type * as model_operate_stats from "../model/operate/stats.js";
import type * as model_refill_needs from "../model/refill/needs.js";
import type * as model_refill_recipe from "../model/refill/recipe.js";
import type * as model_refill_refill from "../model/refill/refill.js";
import type * as model_scan from "../model/scan.js";
import type * as model_stats_counts from "../model/stats/counts.js";
import type * as model_stats_figures from "../model/stats/figures.js";
import type * as model_stats_fold from "../model/stats/fold.js";
import type * as model_stats_record from "../model/stats/record.js";
import type * as model_stats_reset from "../model/stats/reset.js";
import type * as model_write from "../model/write.js";
import type * as operate from "../operate.js";
import type * as refill from "../refill.js";
import type * as stats from "../stats.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  crons: typeof crons;
  entries: typeof entries;
  eviction: typeof eviction;
  fills: typeof fills;
  inspect: typeof inspect;
  invalidations: typeof invalidations;
  lib: typeof lib;
  locks: typeof locks;
  maintenance: typeof maintenance;
  "model/budget": typeof model_budget;
  "model/checks": typeof model_checks;
  "model/entry/content": typeof model_entry_content;
  "model/entry/dependents": typeof model_entry_dependents;
  "model/entry/rows": typeof model_entry_rows;
  "model/entry/valid": typeof model_entry_valid;
  "model/eviction/evict": typeof model_eviction_evict;
  "model/eviction/idle": typeof model_eviction_idle;
  "model/eviction/residents": typeof model_eviction_residents;
  "model/eviction/survey": typeof model_eviction_survey;
  "model/fill/claim": typeof model_fill_claim;
  "model/fill/failures": typeof model_fill_failures;
  "model/fill/lease": typeof model_fill_lease;
  "model/fill/mutationFetch": typeof model_fill_mutationFetch;
  "model/fill/run": typeof model_fill_run;
  "model/fill/schedule": typeof model_fill_schedule;
  "model/fill/settle": typeof model_fill_settle;
  "model/gc/batch": typeof model_gc_batch;
  "model/gc/candidates": typeof model_gc_candidates;
  "model/gc/compact": typeof model_gc_compact;
  "model/gc/due": typeof model_gc_due;
  "model/gc/invalidations": typeof model_gc_invalidations;
  "model/gc/keepHouse": typeof model_gc_keepHouse;
  "model/gc/purge": typeof model_gc_purge;
  "model/gc/sweep": typeof model_gc_sweep;
  "model/inspect/cursor": typeof model_inspect_cursor;
  "model/inspect/explain": typeof model_inspect_explain;
  "model/inspect/list": typeof model_inspect_list;
  "model/inspect/names": typeof model_inspect_names;
  "model/inspect/recent": typeof model_inspect_recent;
  "model/inspect/room": typeof model_inspect_room;
  "model/invalidate": typeof model_invalidate;
  "model/invalidation/append": typeof model_invalidation_append;
  "model/invalidation/commitOrder": typeof model_invalidation_commitOrder;
  "model/invalidation/listing": typeof model_invalidation_listing;
  "model/invalidation/supersession": typeof model_invalidation_supersession;
  "model/invalidation/tags": typeof model_invalidation_tags;
  "model/invalidation/validity": typeof model_invalidation_validity;
  "model/lease": typeof model_lease;
  "model/leaseKey": typeof model_leaseKey;
  "model/legacy": typeof model_legacy;
  "model/lock": typeof model_lock;
  "model/lookup": typeof model_lookup;
  "model/operate/clear": typeof model_operate_clear;
  "model/operate/entries": typeof model_operate_entries;
  "model/operate/format": typeof model_operate_format;
  "model/operate/recent": typeof model_operate_recent;
  "model/operate/stats": typeof model_operate_stats;
  "model/refill/needs": typeof model_refill_needs;
  "model/refill/recipe": typeof model_refill_recipe;
  "model/refill/refill": typeof model_refill_refill;
  "model/scan": typeof model_scan;
  "model/stats/counts": typeof model_stats_counts;
  "model/stats/figures": typeof model_stats_figures;
  "model/stats/fold": typeof model_stats_fold;
  "model/stats/record": typeof model_stats_record;
  "model/stats/reset": typeof model_stats_reset;
  "model/write": typeof model_write;
  operate: typeof operate;
  refill: typeof refill;
  stats: typeof stats;
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
