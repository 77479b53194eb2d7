import { getConvexSize, type Value } from "convex/values";
import { type Content, toContent } from "../shared/content.js";
import { identifyByArgs, identifyByKey } from "../shared/key.js";
import { MAX_VALUE_BYTES } from "../shared/limits.js";
import { checkTtl } from "./checks.js";
import type { ActionCacheConfig } from "./config.js";
import type { ActionContext } from "./contexts.js";
import { messageOf } from "./failures.js";
import type { Place } from "./session.js";

/** What to do with a value: store it, or not, and why not. */
export type Storing =
  { kind: "value"; content: Content; ttl: number | null } | { kind: "unstored"; reason: string };

/** A cache's configuration, applied to the arguments of one fetch. */
export class Policy {
  constructor(
    private readonly name: string,
    private readonly config: ActionCacheConfig,
    private readonly args: Record<string, Value>,
    /** The ttl of this call, in ms, in place of the configured one. */
    private readonly ttl?: number,
  ) {}

  /** Where the entry of these arguments is. */
  async place(): Promise<Place> {
    const { key } = this.config;
    const identity = key ? await identifyByKey(key(this.args)) : await identifyByArgs(this.args);
    return { name: this.name, ...identity };
  }

  /** Runs the action: by its reference, so that it has the caller's identity and needs no handle. */
  run(ctx: ActionContext): Promise<unknown> {
    return ctx.runAction(this.config.action, this.args);
  }

  /** What the ttl is that a stored entry is judged by, beside its own; null for none. */
  get readTtl(): number | null {
    const ttl = this.ttl ?? this.config.ttl;
    return typeof ttl === "number" ? ttl : null;
  }

  /** Decides how a value that was computed is stored. Never throws. */
  store(value: unknown, place: Place): Storing {
    try {
      if (this.config.shouldCache?.(value, this.args) === false) {
        return { kind: "unstored", reason: "shouldCache returned false" };
      }
      const content = this.pack(value, place);
      if (content === null) {
        return {
          kind: "unstored",
          reason: `the value is over ${MAX_VALUE_BYTES} bytes`,
        };
      }
      return { kind: "value", content, ttl: this.ttlOf(value) };
    } catch (error) {
      return { kind: "unstored", reason: messageOf(error) };
    }
  }

  /** A value as it crosses to the component, or null if it is too large to be stored. */
  pack(value: unknown, place: Place): Content | null {
    return toContent(value as Value, getConvexSize(place.name) + getConvexSize(place.key));
  }

  /** How long a value is fresh, jitter taken off, in ms; null for ever. */
  ttlOf(value: unknown): number | null {
    const configured = this.ttl ?? this.config.ttl ?? null;
    const ttl = typeof configured === "function" ? configured(value, this.args) : configured;
    checkTtl(this.name, "the result of `ttl`", ttl);
    if (ttl === null) return null;
    return ttl - ttl * (this.config.jitter ?? 0) * Math.random();
  }
}
