import type { Pass } from "./pass.js";
import { plural } from "./report.js";

/** Something that the program compared, rather than claims. */
export interface Check {
  title: string;
  passed: boolean;
  /** What was compared, with the figures that were found. */
  detail: string;
}

export function checkFirstPass(pass: Pass, distinctPlaces: number): Check {
  return {
    title: "First pass",
    passed:
      pass.wrongAnswers === 0 &&
      pass.requests === distinctPlaces &&
      pass.misses === distinctPlaces &&
      pass.hits === pass.lookups - distinctPlaces,
    detail:
      `${plural(pass.lookups, "lookup")} of ${plural(distinctPlaces, "place")} made ` +
      `${plural(pass.requests, "request")}, with ${plural(pass.wrongAnswers, "wrong answer")}`,
  };
}

export function checkSecondPass(pass: Pass): Check {
  return {
    title: "Second pass",
    passed: pass.wrongAnswers === 0 && pass.requests === 0 && pass.hits === pass.lookups,
    detail:
      `the same ${plural(pass.lookups, "lookup")} made ${plural(pass.requests, "request")}, ` +
      `with ${plural(pass.wrongAnswers, "wrong answer")}`,
  };
}
