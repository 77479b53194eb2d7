import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

// Twice in the time that a forecast is fresh, so that one run that is lost leaves no gap.
crons.interval(
  "warm the weather of the places asked for lately",
  { minutes: 30 },
  internal.weather.warm,
  {},
);

crons.interval("forget old traffic", { minutes: 10 }, internal.upstream.forgetOldTraffic, {});

export default crons;
