// Bundles the extension into one file; with --tests, each unit test into a file of its own; with
// --host, the tests that run inside VS Code into one.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const tests = process.argv.includes("--tests");
const host = process.argv.includes("--host");
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
    : host
      ? {
          entryPoints: ["host/index.ts", "host/failing.ts"],
          outdir: "dist-host",
          external: ["vscode", "mocha"],
        }
      : {
          entryPoints: ["src/extension.ts"],
          outfile: "dist/extension.js",
          external: ["vscode"],
          minify: true,
        }),
});
