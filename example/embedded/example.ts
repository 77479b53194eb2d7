// `npm run example`: serves the page of example/src until Ctrl-C.
import { startPage } from "./page.js";

const print = (text: string) => void process.stdout.write(`${text}\n`);

/** The port to serve at, where one is given. */
function portOf(argument: string | undefined): number | undefined {
  if (argument === undefined) return undefined;
  const port = Number(argument);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`${argument} is no port. Give one from 1 to 65535: npm run example -- 5174`);
}

try {
  // What the app logs goes to the dashboard on a deployment, and would run between these lines here.
  console.log = () => {};
  const page = await startPage({
    port: portOf(process.argv[2]),
    onProgress: (step) => print(`Starting ${step} …`),
  });
  print(
    `\n  Open ${page.url}\n\n` +
      "Only this machine can. What is cached is in this program's memory, and gone when Ctrl-C ends it.",
  );
  let isEnding = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (isEnding) process.exit(1);
      isEnding = true;
      print("\nEnding.");
      // Housekeeping is scheduled for later, and would keep the program waiting for that.
      void page.close().finally(() => process.exit(0));
    });
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
