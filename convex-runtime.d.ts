/**
 * The globals of Convex's own runtime that the package uses, and no others, so that a use of what
 * only a browser or Node has does not compile. Before adding one, see that Convex has it:
 * https://docs.convex.dev/functions/runtimes
 */

declare const console: Record<"log" | "warn" | "error", (...data: unknown[]) => void>;

declare const crypto: {
  readonly subtle: { digest(algorithm: "SHA-256", data: Uint8Array): Promise<ArrayBuffer> };
};

declare class TextEncoder {
  encode(input: string): Uint8Array;
}

/** In actions only: queries and mutations have no timers. */
declare function setTimeout(callback: () => void, ms?: number): number;
declare function clearTimeout(timer: number | undefined): void;
