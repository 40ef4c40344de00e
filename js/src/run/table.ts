// Tables beside the drawings, from the same numbers. Cells change in place, so that a selection of text stays.
import { html, inlineIcon, type IconName } from "../shared/svg.js";

/** What stands in a cell: words, how they look, an icon before them. */
export interface Cell {
  readonly words: string;
  readonly kind?: "strong" | "failed" | "stall" | "faint";
  readonly icon?: IconName;
}

export interface Heading {
  readonly words: string;
  readonly right?: boolean;
  readonly title?: string;
}

export interface TableRow {
  readonly key: string;
  readonly cells: readonly (Cell | string)[];
  readonly marked?: "stall" | undefined;
}

/** A table that is written again and again. */
export class Table {
  readonly element: HTMLTableElement;
  private readonly head: HTMLTableRowElement;
  private readonly body: HTMLTableSectionElement;
  private shown = "";
  private written: string[][] = [];
  private right: readonly boolean[] = [];

  constructor(caption: string) {
    this.head = html("tr");
    this.body = html("tbody");
    this.element = html("table", {}, html("caption", { class: "jp-Wayang-unseen" }, caption), html("thead", {}, this.head), this.body);
  }

  write(headings: readonly Heading[], rows: readonly TableRow[]): void {
    const shown = headings.map((heading) => heading.words).join("|");
    if (shown !== this.shown) {
      this.shown = shown;
      this.right = headings.map((heading) => heading.right === true);
      this.head.replaceChildren(
        ...headings.map((heading) => html("th", { scope: "col", class: heading.right ? "r" : null, title: heading.title }, heading.words)),
      );
      this.body.replaceChildren();
      this.written = [];
    }
    while (this.body.rows.length > rows.length) this.body.deleteRow(-1);
    this.written.length = rows.length;
    rows.forEach((row, index) => this.row(row, index));
  }

  /** Marks the row of a key, or none. */
  mark(key: string | null): void {
    for (const row of this.body.rows) row.classList.toggle("is-accent", key !== null && row.dataset["key"] === key);
  }

  private row(row: TableRow, index: number): void {
    const element = this.body.rows[index] ?? this.body.insertRow();
    if (element.dataset["key"] !== row.key) element.dataset["key"] = row.key;
    element.classList.toggle("is-stall", row.marked === "stall");
    const written = (this.written[index] ??= []);
    row.cells.forEach((given, column) => {
      const cell: Cell = typeof given === "string" ? { words: given } : given;
      const text = `${cell.icon ?? ""}|${cell.kind ?? ""}|${cell.words}`;
      if (written[column] === text) return;
      written[column] = text;
      const place = element.cells[column] ?? element.insertCell();
      place.className = [this.right[column] ? "r" : "", cell.kind === undefined ? "" : `is-${cell.kind}`].join(" ").trim();
      place.replaceChildren(...(cell.icon === undefined ? [] : [inlineIcon(cell.icon), " "]), cell.words);
    });
  }
}

/** Writes rows as CSV: fields with commas, quotes or line breaks in quotes. */
export function csv(rows: readonly (readonly (string | number | null)[])[]): string {
  const field = (value: string | number | null): string => {
    if (value === null || (typeof value === "number" && Number.isNaN(value))) return "";
    const words = String(value);
    return /[",\n\r]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
  };
  return rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** Hands a text to the person as a file. */
export function download(document: Document, name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the text by the next turn.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
