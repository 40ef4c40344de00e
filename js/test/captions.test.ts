// What is said of an estimate of rows.
import { expect, test } from "vitest";
import { rowsFrom } from "../src/plan/captions.js";
import { operator } from "./plans.js";

test("an estimate says where it comes from and how sure it is", () => {
  const of = (rows: { low: number; high: number; confidence: number } | null, rows_from = "default"): string =>
    rowsFrom(operator("a", "here", "filter", "duckdb", { rows, rows_from }));
  expect(of({ low: 10, high: 1000, confidence: 0.9 })).toBe("rows by default (10 to 1 000, 90 % sure)");
  expect(of({ low: 7, high: 7, confidence: 1 }, "Parquet footer")).toBe("rows by Parquet footer");
  expect(of(null)).toBe("");
  expect(of({ low: 7, high: 7, confidence: 1 }, "")).toBe("");
});
