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
          retain?: number;
        },
        null,
        Name
      >;
      peek: FunctionReference<
        "query",
        "internal",
        {
          name: string;
          key: any;
          legacyKey?: any;
          tenant?: string;
          residency?: boolean;
        },
        {
          entry: {
            id: string;
            content: { value: any } | { json: string };
            createdAt: number;
            expiresAt: number | null;
            expired: boolean;
            fillMs: number | null;
            residency?: { id: string; visited: boolean; readAt: number };
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
            ttl: number | null;
            retain: number;
            tags?: Array<string>;
            recipe?: {
              args: { value: any } | { json: string };
              runner:
                | {
                    kind: "component";
                    action: string;
                    ttl: number | null;
                    jitter: number;
                    retain: number;
                    errorTtl: number;
                    tracking?: {
                      figures?: boolean;
                      maxEntries?: number;
                      maxBytes?: number;
                      idleTtl?: number;
                    };
                    log?: boolean;
                  }
                | { kind: "app"; refresher: string };
            };
            tracking?: {
              figures?: boolean;
              maxEntries?: number;
              maxBytes?: number;
              idleTtl?: number;
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
            residency?: boolean;
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
            residency?: { id: string; visited: boolean; readAt: number };
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
        { token: string; name: string },
        | {
            kind: "begun";
            args: { value: any } | { json: string } | null;
            tenant?: string;
          }
        | { kind: "foreign"; name: string }
        | { kind: "gone" },
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
            lapsed?: { token: string; deadline: number };
            figures?: boolean;
          }>;
        },
        Array<
          | { kind: "granted"; token: string }
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
                residency?: { id: string; visited: boolean; readAt: number };
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
            figures?: boolean;
            read: {
              ttl: number | null;
              staleWhileRevalidate: number;
              staleIfError: number;
              refreshAhead: boolean;
              errorTtl: number;
              idleTtl?: number;
            };
            args: { value: any } | { json: string };
            runner:
              | {
                  kind: "component";
                  action: string;
                  ttl: number | null;
                  jitter: number;
                  retain: number;
                  errorTtl: number;
                  tracking?: {
                    figures?: boolean;
                    maxEntries?: number;
                    maxBytes?: number;
                    idleTtl?: number;
                  };
                  log?: boolean;
                }
              | { kind: "app"; refresher: string };
          }>;
        },
        Array<{
          content: { value: any } | { json: string } | null;
          get: "hit" | "stale" | "miss";
          fillMs: number | null;
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
            figures?: boolean;
            args: { value: any } | { json: string };
            runner:
              | {
                  kind: "component";
                  action: string;
                  ttl: number | null;
                  jitter: number;
                  retain: number;
                  errorTtl: number;
                  tracking?: {
                    figures?: boolean;
                    maxEntries?: number;
                    maxBytes?: number;
                    idleTtl?: number;
                  };
                  log?: boolean;
                }
              | { kind: "app"; refresher: string };
          }>;
        },
        Array<boolean>,
        Name
      >;
      settle: FunctionReference<
        "mutation",
        "internal",
        {
          name: string;
          key: any;
          tenant?: string;
          token: string;
          result:
            | {
                kind: "value";
                fillMs: number;
                content: { value: any } | { json: string };
                ttl: number | null;
                retain: number;
                tags?: Array<string>;
                recipe?: {
                  args: { value: any } | { json: string };
                  runner:
                    | {
                        kind: "component";
                        action: string;
                        ttl: number | null;
                        jitter: number;
                        retain: number;
                        errorTtl: number;
                        tracking?: {
                          figures?: boolean;
                          maxEntries?: number;
                          maxBytes?: number;
                          idleTtl?: number;
                        };
                        log?: boolean;
                      }
                    | { kind: "app"; refresher: string };
                };
                tracking?: {
                  figures?: boolean;
                  maxEntries?: number;
                  maxBytes?: number;
                  idleTtl?: number;
                };
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
          figures?: boolean;
        },
        | {
            kind: "created" | "replaced";
            createdAt: number;
            expiresAt: number | null;
            expired: boolean;
            again: boolean;
          }
        | { kind: "rejected" | "none"; again: boolean },
        Name
      >;
    };
    inspect: {
      explain: FunctionReference<
        "query",
        "internal",
        {
          name: string;
          key: any;
          legacyKey?: any;
          tenant?: string;
          read: {
            ttl: number | null;
            staleWhileRevalidate: number;
            staleIfError: number;
            refreshAhead: boolean;
            errorTtl: number;
            idleTtl?: number;
          };
          withContent: boolean;
        },
        {
          key: any;
          tags: Array<string>;
          entry: {
            createdAt: number;
            staleUntil: number | null;
            staleIfErrorUntil: number | null;
            bytes: number;
            fillMs: number | null;
            readAt: number | null;
            idleAt: number | null;
            unusable: "shape" | "incomplete" | null;
          } | null;
          expiresAt: number | null;
          invalidatedBy: {
            by: "tag" | "name" | "tenant" | "everything";
            tag?: string;
            tenant?: string;
            mode: "remove" | "expire";
            at: number;
            before?: number;
          } | null;
          evicted: { reason: "idleTtl" | "bounds"; at: number } | null;
          fill: {
            state: "scheduled" | "running";
            since: number;
            leaseUntil: number;
          } | null;
          failure: { message: string; until: number } | null;
          content?: { value: any } | { json: string };
        },
        Name
      >;
      failures: FunctionReference<
        "query",
        "internal",
        {},
        {
          items: Array<{
            name: string;
            tenant?: string;
            leaseKey: string;
            message: string | null;
            beganAt: number;
            until: number | null;
            retryAt: number;
          }>;
          isDone: boolean;
        },
        Name
      >;
      fills: FunctionReference<
        "query",
        "internal",
        {},
        {
          items: Array<{
            name: string;
            tenant?: string;
            leaseKey: string;
            state: "scheduled" | "running";
            since: number;
            leaseUntil: number;
          }>;
          isDone: boolean;
        },
        Name
      >;
      invalidations: FunctionReference<
        "query",
        "internal",
        {},
        {
          items: Array<{
            by: "tag" | "name" | "tenant" | "everything";
            tag?: string;
            tenant?: string;
            mode: "remove" | "expire";
            at: number;
            before?: number;
            name?: string;
            allTenants?: boolean;
            refresh: boolean;
            state: "pending" | "swept" | "expiring";
          }>;
          isDone: boolean;
        },
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        {
          name: string;
          tenant?: string;
          tag?: string;
          read: {
            ttl: number | null;
            staleWhileRevalidate: number;
            staleIfError: number;
            refreshAhead: boolean;
            errorTtl: number;
            idleTtl?: number;
          };
          cursor: string | null;
          numItems: number;
        },
        {
          page: Array<{
            args: any;
            key?: any;
            storedKey: any;
            tenant?: string;
            tags: Array<string>;
            bytes: number;
            createdAt: number;
            expiresAt: number | null;
            staleUntil: number | null;
            fillMs: number | null;
          }>;
          isDone: boolean;
          continueCursor: string;
        },
        Name
      >;
      names: FunctionReference<
        "query",
        "internal",
        { after?: string },
        { names: Array<string>; isDone: boolean },
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
    locks: {
      acquire: FunctionReference<
        "mutation",
        "internal",
        {
          name: string;
          key: string;
          ttl: number;
          watched?: { token: string; deadline: number };
        },
        | { kind: "acquired"; token: string }
        | {
            kind: "held";
            token: string;
            deadline: number;
            ttl: number;
            leaseMs: number;
          },
        Name
      >;
      check: FunctionReference<
        "query",
        "internal",
        { name: string; key: string },
        { key: string; acquiredAt: number; expiresAt: number } | null,
        Name
      >;
      heartbeat: FunctionReference<
        "mutation",
        "internal",
        { tokens: Array<string> },
        Array<string>,
        Name
      >;
      isHeld: FunctionReference<
        "query",
        "internal",
        { name: string; key: string; token: string },
        boolean,
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        { name: string; after?: string },
        Array<{ key: string; acquiredAt: number; expiresAt: number }>,
        Name
      >;
      poll: FunctionReference<
        "query",
        "internal",
        { token: string },
        number | null,
        Name
      >;
      release: FunctionReference<
        "mutation",
        "internal",
        { name: string; key: string; token: string },
        boolean,
        Name
      >;
    };
    refill: {
      entry: FunctionReference<
        "mutation",
        "internal",
        { name: string; key: any; legacyKey?: any; tenant?: string },
        boolean,
        Name
      >;
    };
    stats: {
      get: FunctionReference<
        "query",
        "internal",
        { name: string; tenant?: string; since?: number },
        {
          hits: number;
          staleHits: number;
          misses: number;
          coalesced: number;
          fills: number;
          errors: number;
          skipped: number;
          rejected: number;
          puts: number;
          evictions: number;
          savedMs: number;
          saved: number;
          hitRate: number | null;
          averageFillMs: number | null;
          entries: number;
          bytes: number;
          hours: Array<{
            hour: number;
            hits: number;
            staleHits: number;
            misses: number;
            coalesced: number;
            fills: number;
            errors: number;
            skipped: number;
            rejected: number;
            puts: number;
            evictions: number;
            savedMs: number;
            saved: number;
            hitRate: number | null;
            averageFillMs: number | null;
          }>;
        },
        Name
      >;
      report: FunctionReference<
        "mutation",
        "internal",
        {
          reports: Array<{
            name: string;
            tenant?: string;
            counts?: {
              hits?: number;
              staleHits?: number;
              misses?: number;
              coalesced?: number;
              fills?: number;
              errors?: number;
              skipped?: number;
              rejected?: number;
              puts?: number;
              evictions?: number;
              savedMs?: number;
              saved?: number;
              entries?: number;
              bytes?: number;
              fillMs?: number;
            };
            resident?: string;
          }>;
        },
        null,
        Name
      >;
      reset: FunctionReference<
        "mutation",
        "internal",
        { name: string; tenant?: string },
        null,
        Name
      >;
    };
  };
