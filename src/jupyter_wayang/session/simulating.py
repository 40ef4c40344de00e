"""Simulated clients, as a person handles them: dealt from rows, fitted with any strategy, followed like any run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation import strategy as strategies
from jupyter_wayang.federation.baselines import Budget, baselines
from jupyter_wayang.federation.partitions import Dirichlet, FeatureSkew, Iid, Partition, QuantitySkew, iid
from jupyter_wayang.federation.partitions.by_column import ByColumn
from jupyter_wayang.federation.simulation import Clients, Simulation, dealt
from jupyter_wayang.language.arguments import shown
from jupyter_wayang.language.learners import Strategy, fit_options
from jupyter_wayang.language.planned import Planned
from jupyter_wayang.plan.model_specs import LogisticRegression
from jupyter_wayang.plan.operators import Goal
from jupyter_wayang.session.kernel import Kernel
from jupyter_wayang.session.runs import Run

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SimulatedClients", "simulate"]

_PARTITIONS = (ByColumn, Dirichlet, FeatureSkew, Iid, QuantitySkew)


def simulate(
    kernel: Kernel,
    data: object,
    target: str,
    clients: int | None = None,
    *,
    partition: Partition | None = None,
    features: tuple[str, ...] | list[str] | None = None,
    test: float = 0.2,
    seed: int = 0,
) -> SimulatedClients:
    """Deal rows to simulated clients.

    Parameters
    ----------
    kernel
        Where simulations run.
    data
        A collection, which is run, or a DataFrame or Arrow table. Features are numbers without nulls.
    target
        The column of classes: two or more values.
    clients
        How many clients; None: as many as the column of ``by_column(…)`` has values.
    partition
        How rows are dealt; None: ``iid()``, without skew.
    features
        Columns; None: all numbers but the target and the column that the partition looks at.
    test
        The share of each client's rows that models are measured on.
    seed
        What all chance comes from.

    Raises
    ------
    OperatorError
        If the rows cannot be learned from, or an argument makes no sense; it says why.
    """
    if partition is not None and not isinstance(partition, _PARTITIONS) and not hasattr(partition, "deal"):
        raise OperatorError(
            f"partition= takes a partition, not {shown(partition)}",
            hint="dirichlet(0.5), quantity_skew(0.5), feature_skew(column), by_column(column) or iid()",
        )
    if type(seed) is not int or seed < 0:
        raise OperatorError(f"seed= takes a whole number of 0 or more, not {shown(seed)}")
    names = None if features is None else tuple(features)
    made = dealt(_table(data), target, partition or iid(), clients, features=names, test=test, seed=seed)
    return SimulatedClients(made, kernel, seed)


def _table(data: object) -> pa.Table:
    import pyarrow as pa

    if isinstance(data, Planned):
        return data.run(wait=True).to_arrow()
    if not hasattr(data, "__arrow_c_stream__"):
        raise OperatorError(
            f"simulate() takes a collection, a DataFrame or an Arrow table, not {shown(data)}",
            hint='as in simulate(digits, "digit", clients=100, partition=dirichlet(0.5))',
        )
    # Not made to fit the closed set of types: features in 32 bits stay so, and take half of the memory.
    return pa.table(data)


@dataclass(frozen=True, repr=False)
class SimulatedClients:
    """Rows dealt to clients that live in this process.

    Parameters
    ----------
    dealt
        Who has what.
    kernel
        Where simulations run.
    seed
        What the choice of a round's clients comes from, if a fit names none.
    """

    dealt: Clients
    kernel: Kernel
    seed: int = 0

    def __len__(self) -> int:
        return len(self.dealt.names)

    def fit(
        self,
        model: LogisticRegression,
        rounds: int,
        strategy: Strategy,
        until: Goal | None = None,
        participation: float = 1.0,
        *,
        seed: int | None = None,
        name: str = "",
        wait: bool = True,
    ) -> Any:
        """Fit a model over the clients, and measure it after each round on the rows that are held out.

        Parameters
        ----------
        model
            As in ``logistic_regression(l2=1e-3)``; of more than two classes it is multinomial.
        rounds, strategy
            How many rounds at most, and what happens in each, as over sites.
        until
            Stop as soon as this is reached, as in ``metric.accuracy > 0.9``.
        participation
            The share of clients that train in a round, drawn by (seed, round).
        seed
            None: that of the clients.
        name
            A name for the run.
        wait
            Whether to wait for the end.

        Returns
        -------
        Result or Run
            The :class:`Result`, whose rows are the last metrics by client, and whose model is ``result.model``; with
            ``wait=False`` the :class:`Run` as it goes on.
        """
        known = {
            word: {key: ... if _needed(default) else default for key, default in given.items()}
            for word, given in strategies.parameters().items()
        }
        options = fit_options(known, rounds, strategy, until)
        if options.strategy is None:
            raise OperatorError("simulated clients need a strategy", hint="as in strategy=fedavg(learning_rate=0.5)")
        simulation = Simulation(
            clients=self.dealt,
            model=model,
            strategy=strategies.named(options.strategy, options.arguments),
            rounds=options.rounds,
            participation=participation,
            seed=self.seed if seed is None else seed,
        )
        given = dict(options.arguments)
        budget = Budget(
            steps=options.rounds * int(given.get("local_epochs") or 1),
            learning_rate=float(given.get("learning_rate") or 0.1),
        )
        run = Run(
            self.kernel.simulate(simulation, name=name, until=options.until),
            self.kernel,
            baselines=lambda: baselines(self.dealt, model, budget),
        )
        return run.wait() if wait else run

    def to_arrow(self) -> pa.Table:
        """Return a row for each client: how many rows it trains on, is measured on, and has of each class."""
        import numpy as np
        import pyarrow as pa

        held = np.bincount(self.dealt.held.client, minlength=len(self))
        by_class = {str(value): self.dealt.counts[:, at] for at, value in enumerate(self.dealt.classes)}
        return pa.table(
            {"client": list(self.dealt.names), "train_rows": self.dealt.rows, "test_rows": held, **by_class}
        )

    def summary(self) -> Mapping[str, str]:
        """Return what there is to know before a fit: rows, classes, and how skewed they are."""
        import numpy as np

        rows, counts = self.dealt.rows, self.dealt.counts
        able = rows > 0
        shares = counts[able] / rows[able, None]
        whole = counts.sum(axis=0) / counts.sum()
        spread = float((np.abs(shares - whole).sum(axis=1) / 2).mean())
        left = int((~able).sum())
        return {
            "clients": f"{len(self):,}" + (f", of which {left:,} have no row and take no part" if left else ""),
            "rows": f"{int(rows.sum()):,} to train on ({int(rows[able].min()):,} to {int(rows.max()):,} a client, "
            f"median {int(np.median(rows[able])):,}), {len(self.dealt.held.y):,} held out",
            "features": f"{len(self.dealt.features)}",
            "classes": f"{len(self.dealt.classes)}; a client's shares of them differ from those of all by {spread:.0%}",
        }

    def __repr__(self) -> str:
        return "\n".join(f"{name:<9} {said}" for name, said in self.summary().items())

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{name}</th><td>{escape(said)}</td></tr>" for name, said in self.summary().items())
        return f"<table>{rows}</table>"


def _needed(default: object) -> bool:
    import msgspec

    return default is msgspec.NODEFAULT
