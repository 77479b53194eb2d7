import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const popularPlaces = [
  "Berlin",
  "Buenos Aires",
  "Lagos",
  "London",
  "New York",
  "São Paulo",
  "Tokyo",
];

const crons = cronJobs();

// Not at the top of the hour, when everybody else's jobs call the same service.
crons.hourly("warm the weather of popular places", { minuteUTC: 17 }, internal.weather.warm, {
  names: popularPlaces,
});

export default crons;
