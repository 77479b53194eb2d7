import { useState } from "react";
import { isCacheError } from "../../shared/errors.js";

/** What became of the last change, to be shown. */
export type Change = {
  said: string;
  /** Makes a change, and says what became of it. */
  make: (change: () => Promise<string>) => void;
};

export function useChange(): Change {
  const [said, say] = useState("");
  const make = (change: () => Promise<string>) => {
    say("");
    change().then(say, (error: unknown) => say(refusalOf(error)));
  };
  return { said, make };
}

/** Why something was refused, as far as the server tells. */
export function refusalOf(error: unknown): string {
  if (!isCacheError(error)) return "It failed. The logs of the app's functions say why.";
  return error.data.code === "NOT_ALLOWED" ? "You are not allowed to do this." : error.data.message;
}
