"""An ordinary fit: the rows are at one place, and one round brings the model to convergence."""

from __future__ import annotations

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.plan.tasks import LocalTask, Update

__all__ = ["Central"]


class Central(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fits to convergence where the rows are. Refuses more than one place: a converged model has no meaningful mean."""

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the round.

        Raises
        ------
        OperatorError
            If the rows are at more than one site.
        """
        _at_one(sites)
        return State(current=start)

    def task(self, state: State, client: Client) -> LocalTask:
        """Return the task of fitting to convergence.

        Raises
        ------
        OperatorError
            If the rows are at more than one site.
        """
        _at_one(client.sites)
        now = state.current
        return LocalTask(
            model=now.model, features=now.features, parameters=now.parameters, solver="exact", makes=now.makes
        )

    def apply(self, state: State, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state with the fitted model."""
        ((_, update),) = updates
        now = msgspec.structs.replace(state.current, parameters=update.parameters)
        return msgspec.structs.replace(state, current=now), {"rows": float(update.rows)}


def _at_one(sites: tuple[str, ...]) -> None:
    if len(sites) != 1:
        raise OperatorError(
            f"the rows are at {len(sites)} sites, and without a strategy a model is fitted at one place",
            found=", ".join(sites),
            hint="as in fit(…, rounds=30, strategy=fedavg(local_epochs=5, learning_rate=0.5))",
        )
