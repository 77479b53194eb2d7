import { useConvex } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { useCallback, useRef, useState } from "react";
import { api } from "../convex/_generated/api.js";

export type Answer = FunctionReturnType<typeof api.places.ask>;

/** What was asked last, by one person or by many at once, and what they were answered. */
export type Asked = { name: string; people: number; answers: Answer[] | null };

export type Asking = {
  asked: Asked | null;
  isAsking: boolean;
  ask: (name: string, options?: { force?: boolean; people?: number }) => Promise<void>;
};

/** Asks for places. An answer that comes after a later question is dropped. */
export function useAsk(): Asking {
  const convex = useConvex();
  const [asked, setAsked] = useState<Asked | null>(null);
  const latest = useRef(0);
  const ask = useCallback<Asking["ask"]>(
    async (name, { force = false, people = 1 } = {}) => {
      const question = (latest.current += 1);
      setAsked({ name, people, answers: null });
      // Each is a call of its own, as those of people at as many browsers are.
      const answers = await Promise.all(
        Array.from({ length: people }, () => convex.action(api.places.ask, { name, force })),
      );
      if (question === latest.current) setAsked({ name, people, answers });
    },
    [convex],
  );
  return { asked, isAsking: asked?.answers === null, ask };
}
