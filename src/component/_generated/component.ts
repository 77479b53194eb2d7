/* eslint-disable */
/**
 * Generated `ComponentApi` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type { FunctionReference } from "convex/server";

/**
 * A utility for referencing a Convex component's exposed API.
 *
 * Useful when expecting a parameter like `components.myComponent`.
 * Usage:
 * ```ts
 * async function myFunction(ctx: QueryCtx, component: ComponentApi) {
 *   return ctx.runQuery(component.someFile.someQuery, { ...args });
 * }
 * ```
 */
export type ComponentApi<Name extends string | undefined = string | undefined> =
  {
    crons: {
      purge: FunctionReference<
        "mutation",
        "internal",
        { expiresAt?: number },
        null,
        Name
      >;
    };
    entries: {
      expire: FunctionReference<
        "mutation",
        "internal",
        {
          name: string;
          key: any;
          legacyKey?: any;
          tenant?: string;
          retain: number;
        },
        null,
        Name
      >;
      peek: FunctionReference<
        "query",
        "internal",
        { name: string; key: any; legacyKey?: any; tenant?: string },
        {
          entry: {
            id: string;
            content: { value: any } | { json: string };
            createdAt: number;
            expiresAt: number | null;
            expired: boolean;
            fillMs: number | null;
          } | null;
          fillingUntil: number | null;
        },
        Name
      >;
      put: FunctionReference<
        "mutation",
        "internal",
        {
          name: string;
          key: any;
          legacyKey?: any;
          tenant?: string;
          options: {
            content: { value: any } | { json: string };
            ttl: number | null | { min: number; max: number; jitter: number };
            retain: number;
            tags?: Array<string>;
            recipe?: {
              args: { value: any } | { json: string };
              runner:
                | {
                    kind: "component";
                    action?: string;
                    batch?: { action: string; max: number };
                    ttl: number | null | { min: number; max: number };
                    jitter: number;
                    retain: number;
                    errorTtl: number;
                  }
                | { kind: "app"; refresher: string; maxBatch?: number };
            };
          };
        },
        null,
        Name
      >;
      read: FunctionReference<
        "query",
        "internal",
        {
          requests: Array<{
            name: string;
            key: any;
            legacyKey?: any;
            tenant?: string;
            token?: string;
            failures?: boolean;
          }>;
        },
        Array<{
          entry: {
            id: string;
            content: { value: any } | { json: string };
            createdAt: number;
            expiresAt: number | null;
            expired: boolean;
            fillMs: number | null;
          } | null;
          fill: {
            token: string;
            state:
              | "scheduled"
              | "running"
              | "stored"
              | "skipped"
              | "rejected"
              | "failed"
              | "replaced"
              | "voided";
            deadline: number;
            successor?: string;
            expired: boolean;
            error?: {
              kind: "convex" | "other";
              message: string;
              data?: string;
            };
          } | null;
          failure: {
            error: { kind: "convex" | "other"; message: string; data?: string };
            until: number;
          } | null;
        }>,
        Name
      >;
      remove: FunctionReference<
        "mutation",
        "internal",
        { name: string; key: any; legacyKey?: any; tenant?: string },
        boolean,
        Name
      >;
    };
    fills: {
      begin: FunctionReference<
        "mutation",
        "internal",
        { requests: Array<{ token: string; name: string }> },
        Array<
          | {
              kind: "begun";
              args: { value: any } | { json: string } | null;
              tenant?: string;
            }
          | { kind: "foreign"; name: string }
          | { kind: "gone" }
        >,
        Name
      >;
      claim: FunctionReference<
        "mutation",
        "internal",
        {
          requests: Array<{
            name: string;
            key: any;
            legacyKey?: any;
            tenant?: string;
            seen?: string;
            failures?: boolean;
            force: boolean;
            previous?: boolean;
            lapsed?: { token: string; deadline: number };
          }>;
        },
        Array<
          | { kind: "granted"; token: string; previous?: boolean }
          | { kind: "held"; token: string; deadline: number; leaseMs: number }
          | {
              kind: "stored";
              entry: {
                id: string;
                content: { value: any } | { json: string };
                createdAt: number;
                expiresAt: number | null;
                expired: boolean;
                fillMs: number | null;
              };
            }
          | {
              kind: "failed";
              error: {
                kind: "convex" | "other";
                message: string;
                data?: string;
              };
            }
        >,
        Name
      >;
      fetch: FunctionReference<
        "mutation",
        "internal",
        {
          requests: Array<{
            name: string;
            key: any;
            legacyKey?: any;
            tenant?: string;
            force: boolean;
            read: {
              ttl: number | null;
              staleWhileRevalidate: number;
              staleIfError: number;
              refreshAhead: boolean;
              errorTtl: number;
            };
            args: { value: any } | { json: string };
            runner:
              | {
                  kind: "component";
                  action?: string;
                  batch?: { action: string; max: number };
                  ttl: number | null | { min: number; max: number };
                  jitter: number;
                  retain: number;
                  errorTtl: number;
                }
              | { kind: "app"; refresher: string; maxBatch?: number };
          }>;
        },
        Array<{
          content: { value: any } | { json: string } | null;
          get: "hit" | "stale" | "miss";
        }>,
        Name
      >;
      heartbeat: FunctionReference<
        "mutation",
        "internal",
        { tokens: Array<string> },
        Array<string>,
        Name
      >;
      schedule: FunctionReference<
        "mutation",
        "internal",
        {
          requests: Array<{
            name: string;
            key: any;
            legacyKey?: any;
            tenant?: string;
            seen?: string;
            failures?: boolean;
            force: boolean;
            args: { value: any } | { json: string };
            runner:
              | {
                  kind: "component";
                  action?: string;
                  batch?: { action: string; max: number };
                  ttl: number | null | { min: number; max: number };
                  jitter: number;
                  retain: number;
                  errorTtl: number;
                }
              | { kind: "app"; refresher: string; maxBatch?: number };
          }>;
        },
        Array<boolean>,
        Name
      >;
      settle: FunctionReference<
        "mutation",
        "internal",
        {
          requests: Array<{
            name: string;
            key: any;
            tenant?: string;
            token: string;
            result:
              | {
                  kind: "value";
                  fillMs: number;
                  previous?: string;
                  content: { value: any } | { json: string };
                  ttl:
                    | number
                    | null
                    | { min: number; max: number; jitter: number };
                  retain: number;
                  tags?: Array<string>;
                  recipe?: {
                    args: { value: any } | { json: string };
                    runner:
                      | {
                          kind: "component";
                          action?: string;
                          batch?: { action: string; max: number };
                          ttl: number | null | { min: number; max: number };
                          jitter: number;
                          retain: number;
                          errorTtl: number;
                        }
                      | { kind: "app"; refresher: string; maxBatch?: number };
                  };
                }
              | {
                  kind: "unmodified";
                  fillMs: number;
                  previous: string;
                  ttl:
                    | number
                    | null
                    | { min: number; max: number; jitter: number };
                  retain: number;
                }
              | { kind: "skipped"; retryMs: number }
              | {
                  kind: "failed";
                  error: {
                    kind: "convex" | "other";
                    message: string;
                    data?: string;
                  };
                  errorTtl: number;
                  retryMs: number;
                };
          }>;
        },
        Array<
          | {
              kind: "created" | "replaced" | "unmodified";
              createdAt: number;
              expiresAt: number | null;
              expired: boolean;
              again: boolean;
            }
          | { kind: "rejected" | "none"; again: boolean }
        >,
        Name
      >;
    };
    invalidations: {
      byTags: FunctionReference<
        "mutation",
        "internal",
        {
          tags: Array<string>;
          tenant?: string;
          allTenants?: boolean;
          mode: "remove" | "expire";
          refresh: boolean;
        },
        null,
        Name
      >;
      clearTenant: FunctionReference<
        "mutation",
        "internal",
        { tenant: string; name?: string; batchSize?: number },
        null,
        Name
      >;
    };
    lib: {
      get: FunctionReference<
        "query",
        "internal",
        { name: string; args: any; ttl: number | null },
        { kind: "hit"; value: any } | { kind: "miss"; expiredEntry?: string },
        Name
      >;
      put: FunctionReference<
        "mutation",
        "internal",
        {
          name: string;
          args: any;
          value: any;
          ttl: number | null;
          expiredEntry?: string;
        },
        { cacheHit: boolean; deletedExpiredEntry: boolean },
        Name
      >;
      remove: FunctionReference<
        "mutation",
        "internal",
        { name: string; args: any },
        null,
        Name
      >;
      removeAll: FunctionReference<
        "mutation",
        "internal",
        { name?: string; batchSize?: number; before?: number },
        null,
        Name
      >;
    };
  };
