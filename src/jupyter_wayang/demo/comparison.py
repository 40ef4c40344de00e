"""What the federated model is compared with: each hospital alone, all rows in one place, and the majority class.

Pooling rows and looking at single predictions is possible here because these records are public. Test rows are those
that the sites hold back themselves: the same split, with the same seed and the site's name as salt.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from jupyter_wayang.catalog import read_federation
from jupyter_wayang.datasets import heart_disease, hospitals
from jupyter_wayang.demo import task
from jupyter_wayang.demo.scores import Score, score
from jupyter_wayang.language.expressions import col
from jupyter_wayang.plan.models import applied, array
from jupyter_wayang.plan.operators import Split
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.platforms.relational.over_arrow import split

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from jupyter_wayang.app import Session
    from jupyter_wayang.plan.models import Model

__all__ = ["CONTENDERS", "GLOBAL", "SEEDS", "Comparison", "Contender", "Measured", "Parts", "compare", "parts"]

SEEDS = tuple(range(1, 11))
GLOBAL = "global"

Contender = Literal["federated", "local", "pooled", "converged", "majority"]
CONTENDERS: tuple[Contender, ...] = ("federated", "local", "pooled", "majority")
"""Those of the table: ``local`` and ``pooled`` take as many steps as a site of the federation, so that only the rows
differ; ``converged`` is the pooled model fitted to convergence; ``majority`` answers with the share of ill patients."""

Parts = Mapping[str, tuple["pa.Table", "pa.Table"]]
"""By site, training and test rows."""

_FAST = {"switzerland": ("polars", "numpy"), "va": ("polars", "numpy")}
"""Further seeds are run on platforms that start at once: the model is the same on each, only the waiting differs."""


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contender's score at a site, or ``global``, with the split of one seed."""

    seed: int
    site: str
    contender: Contender
    score: Score


class Comparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All scores, what people call the sites, and how many rows each has to learn from and to be tested on."""

    titles: dict[str, str]
    training: dict[str, int]
    test: dict[str, int]
    majority: dict[str, float]
    measured: tuple[Measured, ...]
    shown: int
    """The seed of the notebook's run."""
    notes: tuple[str, ...] = ()

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(sorted({one.seed for one in self.measured}))

    def scores(self, site: str, contender: Contender) -> tuple[Score, ...]:
        """Return a contender's scores at a site, in the order of the seeds."""
        found = [one for one in self.measured if one.site == site and one.contender == contender]
        return tuple(one.score for one in sorted(found, key=lambda one: one.seed))

    def at(self, seed: int, site: str, contender: Contender) -> Score:
        """Return one score."""
        return self.scores(site, contender)[self.seeds.index(seed)]

    def write(self, path: str | Path) -> None:
        """Write everything as JSON."""
        Path(path).write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1))

    @classmethod
    def read(cls, path: str | Path) -> Comparison:
        """Read what :meth:`write` wrote."""
        return msgspec.json.decode(Path(path).read_bytes(), type=cls)

    def __repr__(self) -> str:
        from jupyter_wayang.demo.tables import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from jupyter_wayang.demo.tables import as_html

        return as_html(self)


def compare(federated: Mapping[int, Model] | None = None, seeds: Iterable[int] = SEEDS) -> Comparison:
    """Train and measure all contenders for every seed.

    Parameters
    ----------
    federated
        Federated models that there are already, by seed; others are trained here, by a federation of the same tables
        on platforms that start at once.
    seeds
        Seeds of the split.
    """
    from jupyter_wayang.app import Session

    known, seeds = dict(federated or {}), tuple(seeds)
    with tempfile.TemporaryDirectory(prefix="wayang-comparison-") as folder:
        session = Session(folder)
        try:
            titles, train = _federation(session, Path(folder))
            known.update({seed: train(seed) for seed in seeds if seed not in known})
            rows = _rows(session)
            found = [one for seed in seeds for one in _measured(session, rows, seed, known[seed])]
        finally:
            session.close()
    sizes = parts(rows, seeds[0])
    return Comparison(
        titles=titles,
        training={site: first.num_rows for site, (first, _) in sizes.items()},
        test={site: second.num_rows for site, (_, second) in sizes.items()},
        majority={site: max(share, 1 - share) for site, share in _shares(rows).items()},
        measured=tuple(found),
        shown=task.SEED,
        notes=tuple(_missing(sizes, titles)),
    )


def _federation(session: Session, folder: Path) -> tuple[dict[str, str], Callable[[int], Model]]:
    """Declare the four hospitals on fast platforms; return their titles and what trains a model of a seed."""
    declared = read_federation(hospitals(folder))
    sites = {
        name: msgspec.to_builtins(msgspec.structs.replace(site, platforms=_FAST.get(name, site.platforms)))
        for name, site in declared.sites.items()
    }
    session.federation("hospitals", sites)
    patients = task.cleaned(session.read("patients", sites="hospitals"))

    def train(seed: int) -> Model:
        model: Model = task.federated(patients, seed).run(name=f"seed {seed}").model
        return model

    return {name: site.title or name for name, site in declared.sites.items()}, train


def _rows(session: Session) -> dict[str, pa.Table]:
    return {
        site: task.cleaned(session.read(table)).run(platforms=["polars"]).to_arrow()
        for site, table in heart_disease().items()
    }


def parts(rows: Mapping[str, pa.Table], seed: int) -> Parts:
    """Split the rows of every site as the site itself does."""
    operator = Split(fraction=task.FRACTION, seed=seed, by=((col.num > 0).expression,))
    return {site: split(table, operator, site) for site, table in rows.items()}


def _shares(rows: Mapping[str, pa.Table]) -> dict[str, float]:
    return {site: float(_ill(table).mean()) for site, table in rows.items()}


def _missing(cut: Parts, titles: Mapping[str, str]) -> Iterable[str]:
    for site, (train, _) in cut.items():
        empty = [name for name in task.FEATURES if train[name].null_count == train.num_rows]
        if empty:
            yield f"{titles[site]} recorded no {' and no '.join(empty)}: alone it learns without."


def _measured(session: Session, rows: Mapping[str, pa.Table], seed: int, federated: Model) -> list[Measured]:
    import numpy as np
    import pyarrow as pa

    cut = parts(rows, seed)
    ill = {site: _ill(test) for site, (_, test) in cut.items()}
    everything = pa.concat_tables(train for train, _ in cut.values())
    steps = task.ROUNDS * task.EPOCHS
    alone = {site: _ordinary(session, train, steps) for site, (train, _) in cut.items()}
    guesses: dict[Contender, dict[str, np.ndarray]] = {
        "federated": _everywhere(federated, cut),
        "local": {site: _predicted(model, cut[site][1]) for site, model in alone.items()},
        "pooled": _everywhere(_ordinary(session, everything, steps), cut),
        "converged": _everywhere(_ordinary(session, everything, None), cut),
        "majority": {site: np.full(test.num_rows, _ill(train).mean()) for site, (train, test) in cut.items()},
    }
    found = []
    for contender, by_site in guesses.items():
        together = score(np.concatenate(list(by_site.values())), np.concatenate(list(ill.values())))
        scores = {GLOBAL: together, **{site: score(guess, ill[site]) for site, guess in by_site.items()}}
        found += [Measured(seed=seed, site=site, contender=contender, score=one) for site, one in scores.items()]
    return found


def _ordinary(session: Session, train: pa.Table, steps: int | None) -> Model:
    """Fit without the columns in which no row has a value: they have no mean to stand in."""
    used = [name for name in train.column_names if train[name].null_count < train.num_rows]
    model: Model = task.ordinary(session.read(train.select(used)), steps=steps).run(platforms=["polars", "numpy"]).model
    return model


def _ill(table: pa.Table) -> np.ndarray:
    made: np.ndarray = table["num"].to_numpy() > 0
    return made


def _everywhere(model: Model, cut: Parts) -> dict[str, np.ndarray]:
    import numpy as np
    import pyarrow as pa

    tests = {site: test for site, (_, test) in cut.items()}
    everything = _predicted(model, pa.concat_tables(tests.values()))
    ends = np.cumsum([test.num_rows for test in tests.values()])[:-1]
    return dict(zip(tests, np.split(everything, ends), strict=True))


def _predicted(model: Model, table: pa.Table) -> np.ndarray:
    """Prepare raw rows step by step as the model says, and score them."""
    import numpy as np

    from jupyter_wayang.platforms.numpy.learning import sigmoid
    from jupyter_wayang.platforms.relational.frames import PYARROW, evaluate

    for facts in model.steps:
        schema = schema_of(table.schema)
        table = evaluate(applied(facts, schema), table, schema, PYARROW, "predict")
    features = np.column_stack([table[name].to_numpy() for name in model.features])
    return sigmoid(features @ array(model["weights"]) + array(model["intercept"]))
