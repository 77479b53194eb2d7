import { Presets, SingleBar } from "cli-progress";

/** Does `step` for each item in turn, under a progress bar. */
export async function withProgress<Item>(
  title: string,
  items: Item[],
  step: (item: Item) => Promise<void>,
): Promise<void> {
  const bar = new SingleBar(
    {
      format: `${title.padEnd(12)} {bar} {percentage}%  {value}/{total}  {duration_formatted}`,
      hideCursor: true,
      // Into a file or a pipe, a line every few seconds.
      noTTYOutput: true,
      stream: process.stdout,
    },
    Presets.shades_classic,
  );
  bar.start(items.length, 0);
  try {
    for (const item of items) {
      await step(item);
      bar.increment();
    }
  } finally {
    bar.stop();
  }
}
