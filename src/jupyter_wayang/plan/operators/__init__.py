"""Logical operators, a file per family. Each validates on construction and derives its schema from its inputs'."""

from jupyter_wayang.plan.operators.columns import Drop, Rename, Select, WithColumns
from jupyter_wayang.plan.operators.combining import Except, Intersect, SetOperation, Union
from jupyter_wayang.plan.operators.functions import CoGroup, FilterBy, FlatMap, Map, MapBatches, Reduce, ReduceBy
from jupyter_wayang.plan.operators.graph import ConnectedComponents, PageRank, ShortestPaths
from jupyter_wayang.plan.operators.grouping import GroupBy
from jupyter_wayang.plan.operators.joining import Join, JoinHow
from jupyter_wayang.plan.operators.learning import (
    Bin,
    Coefficients,
    Evaluate,
    Fit,
    FitOptions,
    Fitted,
    Goal,
    Impute,
    Infer,
    LocalUpdate,
    MeasureRows,
    OneHot,
    Predict,
    Prepare,
    Ready,
    Scale,
    Score,
)
from jupyter_wayang.plan.operators.loops import Carry, Repeat
from jupyter_wayang.plan.operators.operator import ModelShape, Operator, Output, OverArrow
from jupyter_wayang.plan.operators.reshaping import Explode, Pivot, Unpivot
from jupyter_wayang.plan.operators.rows import Distinct, Filter, Limit, Sort, SortKey, TopK
from jupyter_wayang.plan.operators.sampling import Sample, Split, ZipWithId
from jupyter_wayang.plan.operators.sinks import SinkFormat, WriteFile, WriteMode
from jupyter_wayang.plan.operators.sources import ReadFederated, ReadFile, ReadFrame, ReadTable

__all__ = [
    "AnyOperator",
    "Bin",
    "Carry",
    "CoGroup",
    "Coefficients",
    "ConnectedComponents",
    "Distinct",
    "Drop",
    "Evaluate",
    "Except",
    "Explode",
    "Filter",
    "FilterBy",
    "Fit",
    "FitOptions",
    "Fitted",
    "FlatMap",
    "Goal",
    "GroupBy",
    "Impute",
    "Infer",
    "Intersect",
    "Join",
    "JoinHow",
    "Limit",
    "LocalUpdate",
    "Map",
    "MapBatches",
    "MeasureRows",
    "ModelShape",
    "OneHot",
    "Operator",
    "Output",
    "OverArrow",
    "PageRank",
    "Pivot",
    "Predict",
    "Prepare",
    "ReadFederated",
    "ReadFile",
    "ReadFrame",
    "ReadTable",
    "Ready",
    "Reduce",
    "ReduceBy",
    "Rename",
    "Repeat",
    "Sample",
    "Scale",
    "Score",
    "Select",
    "SetOperation",
    "ShortestPaths",
    "SinkFormat",
    "Sort",
    "SortKey",
    "Split",
    "TopK",
    "Union",
    "Unpivot",
    "WithColumns",
    "WriteFile",
    "WriteMode",
    "ZipWithId",
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
    | Distinct
    | TopK
    | Union
    | Intersect
    | Except
    | Sample
    | ZipWithId
    | Pivot
    | Unpivot
    | Explode
    | WriteFile
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
    | Bin
    | Fit
    | Fitted
    | Predict
    | Evaluate
    | Coefficients
    | Prepare
    | LocalUpdate
    | Score
    | Ready
    | Infer
    | MeasureRows
    | Carry
    | Repeat
    | PageRank
    | ConnectedComponents
    | ShortestPaths
)
