// Bundles the extension and the script of its view; with --test, the tests too.
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const common = { bundle: true, logLevel: "warning", outdir: "out" };
const node = { ...common, platform: "node", target: "node20", format: "cjs" };

rmSync("out", { recursive: true, force: true });
await build({
  ...node,
  entryPoints: ["src/extension.ts"],
  external: ["vscode"],
  mainFields: ["module", "main"],
  minify: true,
});
await build({
  ...common,
  entryPoints: ["src/view.ts", "src/view.css"],
  target: "chrome122",
  format: "iife",
});
if (process.argv.includes("--test")) {
  await build({
    ...node,
    entryPoints: readdirSync("test")
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `test/${name}`),
    outdir: "out/test",
    alias: { vscode: "./test/vscode.cjs" },
  });
}
