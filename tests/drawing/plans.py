"""Execution plans made by hand: the four hospitals of the mock-up, local plans, many sites."""

from __future__ import annotations

import itertools

from jupyter_wayang.events import (
    AnyEvent,
    BytesMoved,
    MetricsMeasured,
    RoundFinished,
    RoundStarted,
    RunFinished,
    RunStarted,
    SiteReported,
)
from jupyter_wayang.plan.execution import (
    Alternative,
    Decision,
    Edge,
    ExecutionOperator,
    ExecutionPlan,
    Interval,
    Lane,
    Loop,
    Movement,
)
from jupyter_wayang.plan.logical import Port

HOSPITALS = (
    ("cleveland", "Cleveland", "duckdb", "numpy", 303, "cleveland.duckdb: patients"),
    ("hungary", "Hungary", "polars", "numpy", 294, "hungary.parquet"),
    ("switzerland", "Switzerland", "spark", "numpy", 123, "switzerland.csv"),
    ("va", "VA Long Beach", "pandas", "sklearn", 200, "va.csv"),
)


def around(value: float, spread: float = 1.0) -> Interval:
    return Interval(low=value / spread, high=value * spread)


def decided(platform: str, seconds: float, *, reason: str | None = None, pinned: bool = False) -> Decision:
    own = Alternative(
        platform=platform, compute_s=around(seconds), move_in_s=around(0), move_out_s=around(0), difference_s=0.0
    )
    others = tuple(
        Alternative(
            platform=name,
            compute_s=around(seconds * factor),
            move_in_s=around(0.003 * factor),
            move_out_s=around(0.0015),
            difference_s=0.0045 * factor,
        )
        for name, factor in (("pandas", 1.4), ("polars", 0.9), ("duckdb", 2.2))
        if name != platform
    )
    impossible = (Alternative(platform="spark", impossible="no Java at this site"),) if platform != "spark" else ()
    said = reason or f"The rows are in {platform} already, so nothing moves."
    return Decision(platform=platform, reason=said, pinned=pinned, alternatives=(own, *others, *impossible))


def operator(
    id_: str,
    lane: str,
    verb: str,
    text: str,
    platform: str,
    seconds: float,
    rows: float | None = None,
    *,
    run: bool = False,
    **more: object,
) -> ExecutionOperator:
    return ExecutionOperator(
        id=id_,
        logical=more.pop("logical", verb),  # type: ignore[arg-type]
        lane=lane,
        verb=verb,
        text=text,
        decision=decided(platform, seconds),
        rows=None if rows is None else around(rows, 1.2),
        bytes=None if rows is None else around(rows * 88),
        compute_s=around(seconds, 1.5),
        counted=more.pop("counted", int(rows) if run and rows is not None else None),  # type: ignore[arg-type]
        measured_s=seconds if run else None,
        **more,  # type: ignore[arg-type]
    )


def rows_edge(
    source: str,
    target: str,
    rows: float,
    *,
    port: int = 0,
    input: int = 0,
    label: str | None = None,
    channels: tuple[str, ...] = (),
    seconds: float = 0.0,
) -> Edge:
    movement = Movement(channels=channels, bytes=around(rows * 128), cost_s=around(seconds)) if channels else None
    return Edge(
        source=Port(node=source, port=port),
        target=target,
        input=input,
        label=label,
        rows=around(rows, 1.2),
        bytes=around(rows * 88),
        movement=movement,
    )


def fact(source: str, target: str, size: float = 400, **more: object) -> Edge:
    kind = more.pop("kind", "facts")
    return Edge(source=Port(node=source), target=target, kind=kind, bytes=around(size), **more)  # type: ignore[arg-type]


def _site(site: tuple[str, str, str, str, int, str], *, run: bool) -> tuple[list[ExecutionOperator], list[Edge]]:
    name, _, home, learner, n, file = site
    train, test = round(n * 0.8), n - round(n * 0.8)
    cost = 2.4 if home == "spark" else 0.01
    steps = [
        operator(
            f"{name}/read",
            name,
            "read",
            file,
            home,
            cost,
            10 if home == "spark" else n,
            run=run,
            counted=n if run else None,
        ),
        operator(f"{name}/split", name, "split", "0.8 by num > 0", home, cost / 5, train, run=run),
        operator(f"{name}/impute", name, "impute", "mean of 8 columns", home, cost / 6, train, run=run),
        operator(f"{name}/scale", name, "scale", "5 columns", home, cost / 8, train, run=run),
        operator(f"{name}/one_hot", name, "one_hot", "cp, restecg", home, cost / 6, train, run=run),
        operator(f"{name}/update", name, "local_update", "5 epochs", learner, 0.03, run=run, iterations=30),
        operator(f"{name}/score", name, "evaluate", "20 score bins", learner, 0.002, test, run=run),
    ]
    chain = [rows_edge(a.id, b.id, n if a.verb == "read" else train) for a, b in itertools.pairwise(steps[:5])]
    move = (f"{home}.relation", "arrow.table", f"{learner}.array")
    edges = [
        *chain,
        rows_edge(
            f"{name}/one_hot", f"{name}/update", train, channels=move, seconds=0.21 if home == "spark" else 0.004
        ),
        rows_edge(f"{name}/split", f"{name}/score", test, port=1, label="test"),
        *(fact(f"{name}/{before}", f"kernel/{step}") for before, step in _FACTS),
        *(fact(f"kernel/{step}", f"{name}/{step}") for _, step in _FACTS),
        fact(f"{name}/update", "kernel/aggregate", 512, kind="update"),
        fact("kernel/aggregate", f"{name}/update", 310, kind="model", back=True),
        fact("kernel/aggregate", f"{name}/score", 310, kind="model"),
        fact(f"{name}/score", "kernel/evaluate", 700),
    ]
    return steps, edges


_FACTS = (("split", "impute"), ("impute", "scale"), ("scale", "one_hot"))


def federated(
    sites: tuple[tuple[str, str, str, str, int, str], ...] = HOSPITALS, *, run: bool = False, round_: int | None = None
) -> ExecutionPlan:
    """The four-hospital plan: 33 operators."""

    def at_kernel(step: str, verb: str, text: str, **more: object) -> ExecutionOperator:
        return operator(f"kernel/{step}", "kernel", verb, text, "kernel", 0.001, run=run, kind="aggregate", **more)

    kernel = [
        at_kernel("impute", "means", "of 8 columns", logical="impute"),
        at_kernel("scale", "mean, sd", "of 5 columns", logical="scale"),
        at_kernel("one_hot", "levels", "cp 4, restecg 3", logical="one_hot"),
        at_kernel("aggregate", "aggregate", "by rows, 735", iterations=30),
        at_kernel("evaluate", "evaluate", "AUC ± .001", logical="evaluate"),
    ]
    parts = [_site(site, run=run) for site in sites]
    reads = [part[0][:2] for part in parts]
    rest = [part[0] for part in parts]
    ordered = [op for ops in reads for op in ops]
    for index, step in ((2, 0), (3, 1), (4, 2)):
        ordered += [kernel[step], *(ops[index] for ops in rest)]
    ordered += [*(ops[5] for ops in rest), kernel[3], *(ops[6] for ops in rest), kernel[4]]
    lanes = (
        Lane(id="kernel", title="Execution kernel", kind="kernel", note="combines, never sees a row"),
        *(
            Lane(
                id=name,
                title=title,
                kind="site",
                platforms=(home,) if learner == "numpy" else (home, learner),
                rows=n,
            )
            for name, title, home, learner, n, _ in sites
        ),
    )
    loop = Loop(
        operators=("kernel/aggregate", *(f"{site[0]}/update" for site in sites)),
        rounds=30,
        until="log_loss < 0.4",
        round=round_,
    )
    return ExecutionPlan(
        name="heart",
        lanes=lanes,
        operators=tuple(ordered),
        edges=(
            *(edge for part in parts for edge in part[1]),
            fact("kernel/aggregate", "kernel/evaluate", 310, kind="model"),
        ),
        loop=loop,
        cost_s=Interval(low=7.4, high=10.1, confidence=0.9),
        start_up_s=(("spark", 5.5),),
        planned_s=0.021,
        notes=("Spark's first job takes half of the time: 2.4 s for 123 rows.",),
    )


def local() -> ExecutionPlan:
    """Two tables joined on one machine: eight operators."""
    at = "here"
    operators = (
        operator("read", at, "read", "visits.parquet", "duckdb", 0.02, 1_200_000),
        operator("filter", at, "filter", 'age >= 18 and country == "NL"', "duckdb", 0.01, 310_000),
        operator("read_2", at, "read", "wards.csv", "pandas", 0.003, 48, logical="read_2"),
        operator("select", at, "select", "ward, floor", "pandas", 0.0004, 48),
        operator("join", at, "join", "ward", "duckdb", 0.03, 305_000, code="SELECT *\nFROM a JOIN b USING (ward)"),
        operator("group_by", at, "group_by", "ward: n, bmi", "duckdb", 0.006, 48),
        operator("sort", at, "sort", "n ↓", "polars", 0.0003, 48),
        operator("limit", at, "limit", "10", "polars", 0.0001, 10),
    )
    edges = (
        rows_edge("read", "filter", 1_200_000),
        rows_edge("filter", "join", 310_000),
        rows_edge("read_2", "select", 48),
        rows_edge("select", "join", 48, input=1, channels=("pandas", "arrow.table", "duckdb"), seconds=0.0012),
        rows_edge("join", "group_by", 305_000),
        rows_edge("group_by", "sort", 48, channels=("duckdb", "arrow.table", "polars"), seconds=0.0008),
        rows_edge("sort", "limit", 48),
    )
    lane = Lane(id=at, title="This machine", kind="here", platforms=("duckdb", "pandas", "polars"))
    return ExecutionPlan(
        name="wards", lanes=(lane,), operators=operators, edges=edges, cost_s=around(0.07, 1.4), planned_s=0.004
    )


def diamond() -> ExecutionPlan:
    """One table that is read, split in two ways and joined with itself, and with three others."""
    at = "here"

    def op(id_: str, verb: str, rows: float) -> ExecutionOperator:
        return operator(id_, at, verb, "a condition that is rather long", "polars", 0.01, rows, logical=id_)

    operators = (
        op("read", "read", 1000),
        op("filter", "filter", 400),
        op("group_by", "group_by", 20),
        op("join", "join", 400),
        op("read_b", "read", 50),
        op("join_b", "join", 400),
        op("read_c", "read", 60),
        op("select_c", "select", 60),
        op("join_c", "join", 400),
        op("sort", "sort", 400),
        op("limit", "limit", 5),
        op("other", "group_by", 7),
    )
    edges = (
        rows_edge("read", "filter", 1000),
        rows_edge("filter", "group_by", 400),
        rows_edge("filter", "join", 400),
        rows_edge("group_by", "join", 20, input=1),
        rows_edge("join", "join_b", 400),
        rows_edge("read_b", "join_b", 50, input=1),
        rows_edge("join_b", "join_c", 400),
        rows_edge("read_c", "select_c", 60),
        rows_edge("select_c", "join_c", 60, input=1),
        rows_edge("join_c", "sort", 400),
        rows_edge("sort", "limit", 400),
        rows_edge("read", "other", 1000),
    )
    lane = Lane(id=at, title="This machine", kind="here", platforms=("polars",))
    return ExecutionPlan(name="", lanes=(lane,), operators=operators, edges=edges, cost_s=around(0.1))


def many(count: int) -> ExecutionPlan:
    """A federation of any number of sites, on four platforms in turn."""
    homes = ("duckdb", "polars", "spark", "pandas")
    sites = tuple(
        (f"s{i:03d}", f"site-{i:03d}", homes[i % 4], "numpy", 100 + 7 * i, f"part-{i:03d}.csv") for i in range(count)
    )
    return federated(sites)


def three_steps(count: int) -> ExecutionPlan:
    """Count per sex at many sites: three operators a lane, all of them shown."""
    names = [f"s{i:03d}" for i in range(count)]
    operators, edges = [], []
    for name in names:
        operators += [
            operator(f"{name}/read", name, "read", f"{name}.csv", "pandas", 0.01, 200),
            operator(f"{name}/partial", name, "group_by", "sex: n, chol", "pandas", 0.001, 2),
        ]
        edges += [rows_edge(f"{name}/read", f"{name}/partial", 200), fact(f"{name}/partial", "kernel/combine")]
    combine = operator("kernel/combine", "kernel", "combine", "sums and counts", "kernel", 0.001, 2, kind="aggregate")
    lanes = (
        Lane(id="kernel", title="Execution kernel", kind="kernel"),
        *(Lane(id=name, title=name, kind="site", platforms=("pandas",), rows=200) for name in names),
    )
    return ExecutionPlan(
        lanes=lanes, operators=(*operators, combine), edges=tuple(edges), cost_s=around(1.0, 1.3), name="counts"
    )


def events(rounds: int = 30, sites: tuple[str, ...] = ("cleveland", "hungary", "switzerland", "va")) -> list[AnyEvent]:
    """A run with all that curves show: a failure, a missing value with its note, bytes both ways."""
    found: list[AnyEvent] = [RunStarted(name="heart", sites=sites, rounds=rounds)]
    for number in range(rounds + 1):
        here = tuple(s for s in sites if not (s == sites[-1] and number in (9, 10)))
        if number:
            found.append(RoundStarted(round=number, sites=tuple(s for s in sites if s in here or number == 9)))
        for index, site in enumerate(sites):
            if number and (site in here or number == 9):
                failed = site == sites[-1] and number == 9
                error = "WorkerDied: exit code -9" if failed else None
                found.append(
                    SiteReported(round=number, site=site, seconds=0.5 + 0.3 * index + 0.02 * (number % 5), error=error)
                )
                if not failed:
                    found.append(BytesMoved(site=site, direction="up", kind="update", bytes=512, round=number))
                found.append(BytesMoved(site=site, direction="down", kind="model", bytes=310, round=number))
            hidden = site == "switzerland"
            found.append(
                MetricsMeasured(
                    round=number,
                    site=site,
                    on="test",
                    rows=None if hidden else 60,
                    log_loss=0.28 + 0.05 * (index % 7) + (0.413 - 0.05 * (index % 7)) * 0.87**number,
                    accuracy=None if hidden else 0.8,
                    auc=None if hidden else 0.78 + 0.03 * (index % 4) - 0.1 * 0.7**number,
                    note="2 rows of class 0, fewer than 5" if hidden else None,
                )
            )
        found.append(
            MetricsMeasured(
                round=number,
                site="global",
                on="test",
                rows=185,
                log_loss=0.43 + 0.263 * 0.86**number,
                accuracy=0.8,
                auc=0.88 - 0.38 * 0.3**number,
                auc_error=0.001,
            )
        )
        if number:
            found.append(RoundFinished(round=number, seconds=1.6, sites=here))
    found.append(RunFinished(state="done", reason="30 rounds", rounds=rounds, seconds=48.0))
    return found
