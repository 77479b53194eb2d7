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
            invalidated: boolean;
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
          content: { value: any } | { json: string };
          ttl: number | null;
          retain: number;
          failures?: boolean;
          tags?: Array<string>;
          origin?: {
            args: { value: any } | { json: string };
            runner:
              | {
                  kind: "component";
                  action: string;
                  ttl: number | null;
                  jitter: number;
                  retain: number;
                  errorTtl: number;
                }
              | { kind: "app"; refresher: string };
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
            invalidated: boolean;
            fillMs: number | null;
          } | null;
          fill: {
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
            error?: {
              kind: "convex" | "other";
              message: string;
              data?: { value: any } | { json: string };
            };
          } | null;
          failure: {
            error: {
              kind: "convex" | "other";
              message: string;
              data?: { value: any } | { json: string };
            };
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
        {
          args: { value: any } | { json: string } | null;
          tenant?: string;
        } | null,
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
          }>;
        },
        Array<
          | { kind: "granted"; token: string }
          | { kind: "held"; token: string; deadline: number; since: number }
          | {
              kind: "found";
              entry: {
                id: string;
                content: { value: any } | { json: string };
                createdAt: number;
                expiresAt: number | null;
                invalidated: boolean;
                fillMs: number | null;
              };
            }
          | {
              kind: "failed";
              error: {
                kind: "convex" | "other";
                message: string;
                data?: { value: any } | { json: string };
              };
            }
        >,
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
                  action: string;
                  ttl: number | null;
                  jitter: number;
                  retain: number;
                  errorTtl: number;
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
                failures?: boolean;
                tags?: Array<string>;
                origin?: {
                  args: { value: any } | { json: string };
                  runner:
                    | {
                        kind: "component";
                        action: string;
                        ttl: number | null;
                        jitter: number;
                        retain: number;
                        errorTtl: number;
                      }
                    | { kind: "app"; refresher: string };
                };
              }
            | { kind: "skipped" }
            | {
                kind: "failed";
                error: {
                  kind: "convex" | "other";
                  message: string;
                  data?: { value: any } | { json: string };
                };
                errorTtl: number;
              };
        },
        | {
            kind: "created" | "replaced";
            createdAt: number;
            expiresAt: number | null;
          }
        | { kind: "rejected" | "none" },
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
