// Builds a page that shows plans without a notebook, to look at: node dev/page.mjs DATA.json OUT.html [query]
// DATA.json is what `python js/dev/plans.py` writes: a list of {title, display, changes, events}.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const [data, out] = process.argv.slice(2);
const bundled = async (entry, options = {}) => {
  const made = await build({ absWorkingDir: here, entryPoints: [entry], bundle: true, write: false, target: "es2022", format: "iife", ...options });
  return made.outputFiles[0].text;
};
const program = await bundled("dev/page.ts");
const style = await bundled("src/wayang.css", { format: undefined });
const json = readFileSync(data, "utf8").replaceAll("<", "\\u003c");
writeFileSync(
  out,
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Plans</title><style>${style}
body{margin:0;padding:16px;background:var(--jp-layout-color0,#fff);font:13px system-ui}
body[data-jp-theme-light="false"]{--jp-layout-color0:#111;--jp-ui-font-color1:rgba(255,255,255,.87);--jp-brand-color1:#2196f3}
body[data-jp-theme-light="true"]{--jp-layout-color0:#fff;--jp-ui-font-color1:rgba(0,0,0,.87);--jp-brand-color1:#1976d2}</style></head>
<body><main id="place"></main><script type="application/json" id="data">${json}</script><script>${program.replaceAll("</script", "<\\/script")}</script></body></html>`,
);
