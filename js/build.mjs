// Builds what the notebook loads: two widgets, their style, a page's program, and JupyterLab's extension.
// Prints the gzipped sizes and fails above the budget.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { buildExtension } from "./lab/build.mjs";

const BUDGET_BYTES = 150 * 1024;
const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "src", "jupyter_wayang", "notebook", "static");

// uPlot listens to the window for each program that is loaded, for ever: for a cursor of its own, which is not used here.
const LISTENING = /on\((resize|scroll|dppxchange), win, (invalidateRects|\(\) => \{ uPlot\.pxRatio = pxRatio; \})(, true)?\);/g;
const quiet = {
  name: "quiet",
  setup: ({ onLoad }) =>
    onLoad({ filter: /uPlot\.esm\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (text.match(LISTENING)?.length !== 3) throw new Error("this uPlot listens in another way: look at its source");
      return { contents: text.replaceAll(LISTENING, "") };
    }),
};

const common = { absWorkingDir: here, bundle: true, minify: true, target: "es2022", write: false, charset: "utf8", plugins: [quiet] };

async function bundled(entry, options) {
  const { outputFiles } = await build({ ...common, entryPoints: [entry], ...options });
  return outputFiles[0].text;
}

const esm = { format: "esm", platform: "browser" };
const css = await bundled("src/wayang.css", {});
const files = {
  "plan.js": await bundled("src/plan/index.ts", esm),
  "run.js": await bundled("src/run/index.ts", esm),
  "wayang.css": css,
  "page.js": await bundled("src/page.ts", { format: "iife", platform: "browser" }),
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
let total = 0;
for (const [name, text] of Object.entries(files)) {
  writeFileSync(join(out, name), text);
  const bytes = gzipSync(text).length;
  // The page's program is the two widgets' code once more, for reports; a notebook never loads it.
  if (name !== "page.js") total += bytes;
  console.log(`${name.padEnd(12)} ${(bytes / 1024).toFixed(1).padStart(6)} KB gzipped`);
}
const lab = await buildExtension(join(out, "labextension"), css, common);
console.log(`${"labextension".padEnd(12)} ${(lab / 1024).toFixed(1).padStart(6)} KB gzipped`);
console.log(`${"widgets".padEnd(12)} ${(total / 1024).toFixed(1).padStart(6)} KB gzipped, at most ${BUDGET_BYTES / 1024}`);
if (total > BUDGET_BYTES) {
  console.error("the widgets are too large");
  process.exit(1);
}
