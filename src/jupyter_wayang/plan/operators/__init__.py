"""Logical operators, a file per family. Each validates on construction and derives its schema from its inputs'."""

from jupyter_wayang.plan.operators.functions import CoGroup, FilterBy, FlatMap, Map, MapBatches, Reduce, ReduceBy
from jupyter_wayang.plan.operators.graph import ConnectedComponents, PageRank, ShortestPaths
from jupyter_wayang.plan.operators.learning import (
    Evaluate,
    Fit,
    FitOptions,
    Fitted,
    Goal,
    Impute,
    LocalUpdate,
    OneHot,
    Predict,
    Prepare,
    Scale,
    Score,
)
from jupyter_wayang.plan.operators.operator import ModelShape, Operator, Output
from jupyter_wayang.plan.operators.relational import (
    Drop,
    Filter,
    GroupBy,
    Join,
    Limit,
    Rename,
    Select,
    Sort,
    SortKey,
    Split,
    WithColumns,
)
from jupyter_wayang.plan.operators.sources import ReadFederated, ReadFile, ReadFrame, ReadTable

__all__ = [
    "AnyOperator",
    "CoGroup",
    "ConnectedComponents",
    "Drop",
    "Evaluate",
    "Filter",
    "FilterBy",
    "Fit",
    "FitOptions",
    "Fitted",
    "FlatMap",
    "Goal",
    "GroupBy",
    "Impute",
    "Join",
    "Limit",
    "LocalUpdate",
    "Map",
    "MapBatches",
    "ModelShape",
    "OneHot",
    "Operator",
    "Output",
    "PageRank",
    "Predict",
    "Prepare",
    "ReadFederated",
    "ReadFile",
    "ReadFrame",
    "ReadTable",
    "Reduce",
    "ReduceBy",
    "Rename",
    "Scale",
    "Score",
    "Select",
    "ShortestPaths",
    "Sort",
    "SortKey",
    "Split",
    "WithColumns",
]

AnyOperator = (
    ReadFile
    | ReadFrame
    | ReadTable
    | ReadFederated
    | Filter
    | Select
    | WithColumns
    | Drop
    | Rename
    | GroupBy
    | Join
    | Sort
    | Limit
    | Split
    | Map
    | FilterBy
    | FlatMap
    | MapBatches
    | Reduce
    | ReduceBy
    | CoGroup
    | Impute
    | Scale
    | OneHot
    | Fit
    | Fitted
    | Predict
    | Evaluate
    | Prepare
    | LocalUpdate
    | Score
    | PageRank
    | ConnectedComponents
    | ShortestPaths
)
