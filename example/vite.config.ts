// The example's page. It asks the deployment whose URL `convex dev` writes into .env.local; `npm run
// example` (embedded/page.ts) starts it with a backend in place of a deployment.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  envDir: "..",
  plugins: [react()],
  resolve: { conditions: ["@convex-dev/component-source", "module", "browser", "development"] },
  clearScreen: false,
  // Found at the start, so that no page reloads when it needs one.
  optimizeDeps: { include: ["react", "react-dom/client", "react/jsx-dev-runtime", "convex/react"] },
});
