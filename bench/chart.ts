/** The results as a chart: for each figure a bar of ours and one of 0.3.1, on a scale of its own. */
import { CLEARED_ENTRIES, PURGED_ENTRIES } from "./bulk.js";
import { CALLERS } from "./cost.js";
import type { Both, Results } from "./results.js";
import { number, size } from "./tables.js";

type Row = { label: string; values: Both<number>; show: (value: number) => string };

const WIDTH = 860;
const MARGIN = 28;
const LABEL_WIDTH = 330;
const VALUE_WIDTH = 90;
const BAR_HEIGHT = 13;
const ROW_HEIGHT = 46;
const HEADER_HEIGHT = 92;
const BAR_LEFT = MARGIN + LABEL_WIDTH;
const BAR_WIDTH = WIDTH - BAR_LEFT - VALUE_WIDTH - MARGIN;
/** So that a figure of 0 is seen to have been measured. */
const LEAST_BAR = 2;

/** Draws the chart as SVG, on a ground of its own, so that it is legible on any page. */
export function chartOf(results: Results): string {
  const rows = rowsOf(results);
  const height = HEADER_HEIGHT + rows.length * ROW_HEIGHT + MARGIN / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">Cost, this version and 0.3.1</title>
<desc id="description">${escape(rows.map(describe).join("; "))}</desc>
<style>${STYLE}</style>
<rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
<text class="title" x="${MARGIN}" y="38">What it costs, for a value of 14 KB</text>
<text class="note" x="${MARGIN}" y="60">Each figure on a scale of its own; shorter is cheaper.</text>
${legend()}
${rows.map(drawRow).join("\n")}
</svg>
`;
}

function rowsOf({ costs, clear, purge }: Results): Row[] {
  const cost = costs["14 KB"];
  const of = <T>({ ours, peer }: Both<T>, figure: (measured: T) => number) => ({
    ours: figure(ours),
    peer: figure(peer),
  });
  const twenty = cost[`${CALLERS} at once, nothing stored`];
  const trio = cost["NYC, LA, NYC, nothing stored"];
  return [
    {
      label: `Runs of the action, ${CALLERS} callers at once`,
      values: of(twenty, ({ actions }) => actions),
      show: number,
    },
    {
      label: "Function calls, a miss",
      values: of(cost.miss, ({ calls }) => calls),
      show: number,
    },
    {
      label: "Function calls, NYC, LA and NYC in one action",
      values: of(trio, ({ calls }) => calls),
      show: number,
    },
    {
      label: "Read by a hit",
      values: of(cost.hit, ({ bytesRead }) => bytesRead),
      show: size,
    },
    {
      label: "Read by the same hit a minute later",
      values: of(cost["the same hit a minute later"], ({ bytesRead }) => bytesRead),
      show: size,
    },
    {
      label: "Read by a miss",
      values: of(cost.miss, ({ bytesRead }) => bytesRead),
      show: size,
    },
    {
      label: "Written by a miss",
      values: of(cost.miss, ({ bytesWritten }) => bytesWritten),
      show: size,
    },
    {
      label: "Read by a forced refresh",
      values: of(cost["forced refresh"], ({ bytesRead }) => bytesRead),
      show: size,
    },
    {
      label: `Mutations until ${number(CLEARED_ENTRIES)} entries are cleared`,
      values: of(clear, ({ mutations }) => mutations),
      show: number,
    },
    {
      label: `Mutations to purge ${number(PURGED_ENTRIES)} expired entries`,
      values: of(purge, ({ mutations }) => mutations),
      show: number,
    },
    {
      label: "Read by that purge",
      values: of(purge, ({ bytesRead }) => bytesRead),
      show: size,
    },
  ];
}

function drawRow({ label, values, show }: Row, index: number): string {
  const top = HEADER_HEIGHT + index * ROW_HEIGHT;
  const largest = Math.max(values.ours, values.peer, Number.MIN_VALUE);
  const bar = (version: keyof Both<number>, y: number) => {
    const width = Math.max(LEAST_BAR, (values[version] / largest) * BAR_WIDTH);
    const text = y + BAR_HEIGHT - 2.5;
    return `<rect class="${version}" x="${BAR_LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/><text class="value" x="${(BAR_LEFT + width + 8).toFixed(1)}" y="${text}">${escape(show(values[version]))}</text>`;
  };
  return `<text class="label" x="${BAR_LEFT - 14}" y="${top + BAR_HEIGHT + 5}" text-anchor="end">${escape(label)}</text>
${bar("ours", top)}
${bar("peer", top + BAR_HEIGHT + 2)}`;
}

function legend(): string {
  const item = (version: keyof Both<number>, name: string, x: number) =>
    `<rect class="${version}" x="${x}" y="28" width="${BAR_HEIGHT}" height="${BAR_HEIGHT}" rx="2"/><text class="value" x="${x + 20}" y="39">${name}</text>`;
  return item("ours", "this version", WIDTH - 230) + item("peer", "0.3.1", WIDTH - 110);
}

const describe = ({ label, values, show }: Row) =>
  `${label}: ${show(values.ours)} against ${show(values.peer)}`;

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const STYLE = `
text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 13px; }
.ground { fill: #ffffff; stroke: #d1d9e0; }
.title { font-size: 17px; font-weight: 600; fill: #1f2328; }
.label, .value { fill: #1f2328; }
.note { fill: #59636e; }
.ours { fill: #d9480f; }
.peer { fill: #9aa4b0; }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117; stroke: #3d444d; }
  .title, .label, .value { fill: #f0f6fc; }
  .note { fill: #9198a1; }
  .ours { fill: #f76707; }
  .peer { fill: #6b7683; }
}
`;
