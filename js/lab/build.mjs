// JupyterLab loads a prebuilt extension as a container of module federation. This writes one by hand, so that neither
// webpack nor JupyterLab's own packages are needed to build it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const { name: NAME, version: VERSION } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** The container: `init` is handed what JupyterLab shares, `get` gives a module whose shared parts are at hand. */
function container(modules) {
  const entries = modules.map(
    ({ key, uses, code }) => `${JSON.stringify(key)}:[${JSON.stringify(uses)},(module,exports,require)=>{${code}\n}]`,
  );
  return `(()=>{const modules={${entries.join(",")}};let scope;
const newest=(a,b)=>a.localeCompare(b,undefined,{numeric:true});
const shared=async(name)=>{const versions=scope[name];if(!versions)throw new Error(${JSON.stringify(NAME)}+": JupyterLab does not share "+name);
const loaded=Object.keys(versions).filter((v)=>versions[v].loaded);const version=(loaded.length?loaded:Object.keys(versions)).sort(newest).at(-1);
return(await versions[version].get())()};
(window._JUPYTERLAB??={})[${JSON.stringify(NAME)}]={init(given){scope=given},async get(key){const[uses,run]=modules[key];const at={};
for(const name of uses)at[name]=await shared(name);
return()=>{const module={exports:{}};run(module,module.exports,(name)=>at[name]);return module.exports}}}})();
`;
}

async function moduleOf(key, entry, css, common) {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: [entry],
    format: "cjs",
    platform: "browser",
    plugins: [...common.plugins, { name: "css", setup: ({ onLoad }) => onLoad({ filter: /\.css$/ }, () => ({ contents: css, loader: "text" })) }],
    external: ["@lumino/*", "@jupyterlab/*", "@codemirror/*"],
    metafile: true,
  });
  const [output] = Object.values(metafile.outputs);
  const uses = output.imports.filter((used) => used.external).map((used) => used.path);
  return { key, uses: [...new Set(uses)], code: outputFiles[0].text };
}

/** Writes the extension to a folder and returns the gzipped size of its program. */
export async function buildExtension(out, css, common) {
  const text = container([await moduleOf("./extension", "lab/index.ts", css, common)]);
  const file = `remoteEntry.${createHash("sha256").update(text).digest("hex").slice(0, 16)}.js`;
  mkdirSync(join(out, "static"), { recursive: true });
  writeFileSync(join(out, "static", file), text);
  const about = {
    name: NAME,
    version: VERSION,
    description: "Draws plans and runs of jupyter-wayang where there is no kernel.",
    license: "Apache-2.0",
    jupyterlab: { extension: true, _build: { load: `static/${file}`, extension: "./extension" } },
  };
  const installed = {
    packageManager: "python",
    packageName: NAME,
    uninstallInstructions: `Use your Python package manager, as in pip uninstall ${NAME}`,
  };
  writeFileSync(join(out, "package.json"), `${JSON.stringify(about, null, 2)}\n`);
  writeFileSync(join(out, "install.json"), `${JSON.stringify(installed, null, 2)}\n`);
  return gzipSync(text).length;
}
