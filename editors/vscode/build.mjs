// Bundles the extension and the script of its view; with --test, the tests too.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const common = { bundle: true, logLevel: "warning", outdir: "out" };
const node = { ...common, platform: "node", target: "node20", format: "cjs" };

/** Write the licences of the packages that are part of a bundle. */
function writeLicences({ inputs }) {
  const found = Object.keys(inputs).map((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path));
  const folders = new Set(found.filter(Boolean).map(([folder]) => folder));
  const texts = [...folders].sort().map((folder) => {
    const name = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
    return `${folder.slice("node_modules/".length)}\n\n${readFileSync(`${folder}/${name}`, "utf-8")}`;
  });
  writeFileSync("out/licences.txt", texts.join(`\n${"-".repeat(80)}\n\n`));
}

rmSync("out", { recursive: true, force: true });
const { metafile } = await build({
  ...node,
  entryPoints: ["src/extension.ts"],
  external: ["vscode"],
  mainFields: ["module", "main"],
  metafile: true,
  minify: true,
});
writeLicences(metafile);
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
