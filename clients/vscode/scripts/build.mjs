// Bundles the extension into one file; with --tests, each unit test into a file of its own.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const tests = process.argv.includes("--tests");
await build({
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  logLevel: "warning",
  ...(tests
    ? {
        entryPoints: readdirSync("test").map((name) => `test/${name}`),
        outdir: "dist-test",
      }
    : {
        entryPoints: ["src/extension.ts"],
        outfile: "dist/extension.js",
        external: ["vscode"],
        minify: true,
      }),
});
