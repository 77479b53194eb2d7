/** As much of packages that are not installed here as the documents use. Remove one that is. */

declare module "@convex-dev/workpool" {
  import type { FunctionArgs, FunctionReference } from "convex/server";
  export class Workpool {
    constructor(
      component: { workpool: string },
      options: { maxParallelism?: number; retryActionsByDefault?: boolean },
    );
    enqueueAction<Action extends FunctionReference<"action", "public" | "internal">>(
      ctx: { runMutation: unknown },
      action: Action,
      args: FunctionArgs<Action>,
    ): Promise<string>;
  }
}

declare module "@convex-dev/rate-limiter" {
  export const MINUTE: number;
  export class RateLimiter<Name extends string> {
    constructor(
      component: { rateLimiter: string },
      limits: Record<
        Name,
        { kind: "token bucket"; rate: number; period: number; capacity?: number }
      >,
    );
    limit(
      ctx: { runMutation: unknown },
      name: Name,
      options?: { key?: string; throws?: boolean },
    ): Promise<{ ok: boolean; retryAfter?: number }>;
  }
}

declare module "@convex-dev/workpool/convex.config.js" {
  import type { ComponentDefinition } from "convex/server";
  const component: ComponentDefinition<object>;
  export default component;
}

declare module "@convex-dev/rate-limiter/convex.config.js" {
  import type { ComponentDefinition } from "convex/server";
  const component: ComponentDefinition<object>;
  export default component;
}

declare module "@opentelemetry/api" {
  type Attributes = { [name: string]: string | undefined };
  export const metrics: {
    getMeter(name: string): {
      createCounter(name: string): { add(value: number, attributes?: Attributes): void };
      createHistogram(
        name: string,
        options?: { unit?: string },
      ): { record(value: number, attributes?: Attributes): void };
    };
  };
}
