"""The functions of SQL and the words of the language that mean the same."""

from __future__ import annotations

from sqlglot import exp

from jupyter_wayang.plan.types import DataType

__all__ = ["AGGREGATES", "BINARY", "CALLS", "EXTRACTS", "TYPES", "WINDOWS"]

BINARY: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.IntDiv: "//",
    exp.Mod: "%",
    exp.Pow: "**",
    exp.And: "and",
    exp.Or: "or",
    exp.EQ: "==",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}

CALLS: dict[type[exp.Expr], tuple[str, tuple[str, ...]]] = {
    exp.Upper: ("upper", ("this",)),
    exp.Lower: ("lower", ("this",)),
    exp.Trim: ("strip", ("this",)),
    exp.Length: ("length", ("this",)),
    exp.Contains: ("contains", ("this", "expression")),
    exp.StartsWith: ("starts_with", ("this", "expression")),
    exp.EndsWith: ("ends_with", ("this", "expression")),
    exp.Replace: ("replace", ("this", "expression", "replacement")),
    exp.DPipe: ("concat", ("this", "expression")),
    exp.RegexpLike: ("regex_match", ("this", "expression")),
    exp.Year: ("year", ("this",)),
    exp.Month: ("month", ("this",)),
    exp.Day: ("day", ("this",)),
    exp.Abs: ("abs", ("this",)),
    exp.Sign: ("sign", ("this",)),
    exp.Floor: ("floor", ("this",)),
    exp.Ceil: ("ceil", ("this",)),
    exp.Round: ("round", ("this", "decimals")),
    exp.Sqrt: ("sqrt", ("this",)),
    exp.Exp: ("exp", ("this",)),
    exp.Ln: ("log", ("this",)),
    exp.Sin: ("sin", ("this",)),
    exp.Cos: ("cos", ("this",)),
    exp.Tan: ("tan", ("this",)),
    exp.Coalesce: ("coalesce", ("this", "expressions")),
}
"""The word, and the places of its arguments in sqlglot's node."""

AGGREGATES: dict[type[exp.Expr], tuple[str, tuple[str, ...]]] = {
    exp.Count: ("count", ("this",)),
    exp.Sum: ("sum", ("this",)),
    exp.Avg: ("mean", ("this",)),
    exp.Min: ("min", ("this",)),
    exp.Max: ("max", ("this",)),
    exp.Stddev: ("std", ("this",)),
    exp.StddevSamp: ("std", ("this",)),
    exp.Variance: ("var", ("this",)),
    exp.Median: ("median", ("this",)),
    exp.PercentileCont: ("quantile", ("this", "expression")),
    exp.LogicalAnd: ("all", ("this",)),
    exp.LogicalOr: ("any", ("this",)),
    exp.ArgMin: ("arg_min", ("this", "expression")),
    exp.ArgMax: ("arg_max", ("this", "expression")),
    exp.Corr: ("corr", ("this", "expression")),
    exp.CovarSamp: ("cov", ("this", "expression")),
}

WINDOWS: dict[type[exp.Expr], tuple[str, tuple[str, ...]]] = {
    exp.RowNumber: ("row_number", ()),
    exp.Rank: ("rank", ()),
    exp.DenseRank: ("dense_rank", ()),
    exp.Lag: ("lag", ("this", "offset", "default")),
    exp.Lead: ("lead", ("this", "offset", "default")),
    exp.FirstValue: ("first", ("this",)),
    exp.LastValue: ("last", ("this",)),
}

EXTRACTS = {
    "YEAR": "year",
    "MONTH": "month",
    "DAY": "day",
    "HOUR": "hour",
    "MINUTE": "minute",
    "SECOND": "second",
}

TYPES: dict[exp.DType, DataType] = {
    exp.DType.BOOLEAN: "bool",
    exp.DType.TINYINT: "int64",
    exp.DType.SMALLINT: "int64",
    exp.DType.INT: "int64",
    exp.DType.BIGINT: "int64",
    exp.DType.FLOAT: "float64",
    exp.DType.DOUBLE: "float64",
    exp.DType.CHAR: "string",
    exp.DType.VARCHAR: "string",
    exp.DType.TEXT: "string",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPNTZ: "timestamp",
}
