// Makes a TypeScript module beside every JSON Schema in src/. `--check` changes nothing and fails if one is stale.
// The schemas come from msgspec, so only its few forms are read; anything else is an error here, not an `any` there.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** `jupyter_wayang.events.Planned` → `EventsPlanned`: msgspec writes the module where two structs share a name. */
function typeName(key) {
  const parts = key.split(".");
  return (parts.length > 1 ? parts.slice(-2) : parts)
    .map((part) => part.replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase()))
    .join("");
}

function typeOf(schema, where) {
  if (schema.$ref !== undefined) return typeName(schema.$ref.split("/").at(-1));
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map((part) => typeOf(part, where)).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return arrayType(schema, where);
    case "object":
      return objectType(schema, where);
  }
  if (schema.type === undefined && Object.keys(schema).every((key) => ["description", "default"].includes(key))) {
    return "unknown";
  }
  throw new Error(`${where}: no TypeScript for ${JSON.stringify(schema)}`);
}

function arrayType(schema, where) {
  if (schema.prefixItems !== undefined) {
    return `readonly [${schema.prefixItems.map((part) => typeOf(part, where)).join(", ")}]`;
  }
  if (schema.maxItems === 0) return "readonly []";
  const item = schema.items ? typeOf(schema.items, where) : "unknown";
  return /[ |]/.test(item) ? `readonly (${item})[]` : `readonly ${item}[]`;
}

function objectType(schema, where) {
  if (schema.properties === undefined) {
    return `Readonly<Record<string, ${schema.additionalProperties ? typeOf(schema.additionalProperties, where) : "unknown"}>>`;
  }
  // Python writes every field, those with their default too: on this side none is optional.
  const fields = Object.entries(schema.properties).map(
    ([name, field]) => `  readonly ${JSON.stringify(name)}: ${typeOf(field, `${where}.${name}`)};`,
  );
  return `{\n${fields.join("\n")}\n}`.replace(/readonly "([A-Za-z_]\w*)"/g, "readonly $1");
}

function comment(text) {
  const lines = text.split("\n").map((line) => line.trim().replaceAll("*/", "*\\/").replaceAll("``", "`"));
  return lines.length === 1 ? `/** ${lines[0]} */\n` : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n`;
}

function moduleOf(schema, file) {
  const parts = [`// Generated from ${file} by \`npm run wire\`; not to be edited.\n`];
  for (const [key, definition] of Object.entries(schema.$defs ?? {})) {
    const type = typeOf(definition, key);
    const said = definition.description ? comment(definition.description) : "";
    parts.push(said + (type.startsWith("{") ? `export interface ${typeName(key)} ${type}\n` : `export type ${typeName(key)} = ${type};\n`));
  }
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    // The unions have no name of their own in the schema.
    if (part.anyOf === undefined) continue;
    const members = part.anyOf.map((member) => `\n  | ${typeOf(member, key)}`);
    parts.push(`export type Any${typeName(key)} =${members.join("")};\n`);
  }
  return parts.join("\n");
}

const check = process.argv.includes("--check");
const found = readdirSync(join(here, "src"), { recursive: true }).filter((name) => name.endsWith(".schema.json"));
let stale = false;
for (const name of found.sort()) {
  const source = join(here, "src", name);
  const target = source.replace(/\.schema\.json$/, ".ts");
  const text = moduleOf(JSON.parse(readFileSync(source, "utf8")), name.split("/").at(-1));
  let before = "";
  try {
    before = readFileSync(target, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  if (text === before) continue;
  if (check) {
    stale = true;
    console.error(`${relative(here, target)} is stale: npm run wire`);
  } else {
    writeFileSync(target, text);
    console.log(`${relative(here, target)} written`);
  }
}
process.exit(stale ? 1 : 0);
