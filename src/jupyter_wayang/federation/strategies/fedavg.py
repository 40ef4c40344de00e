"""Federated averaging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.strategies.state import Client, GlobalModel, State
from jupyter_wayang.plan.models import NamedArray, array, named_array
from jupyter_wayang.plan.tasks import LocalTask, Update

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FedAvg", "average"]


class FedAvg(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""Federated averaging: every site trains the global model on its own rows, and the server takes the mean.

    In round t each site k of the set S starts at the global parameters :math:`w_t`, takes ``local_epochs`` steps of
    gradient descent over all its :math:`n_k` rows,

    .. math:: w^k \leftarrow w^k - \eta \nabla F_k(w^k),

    and the server averages (McMahan et al., Algorithm 1):

    .. math:: w_{t+1} = \sum_{k \in S} \frac{n_k}{\sum_{j \in S} n_j} w^k_{t+1}.

    Parameters
    ----------
    learning_rate
        The step :math:`\eta`, above 0.
    local_epochs
        Passes over a site's rows in a round, the paper's E.
    batch
        The paper's B. Only None (all rows of the site, B = ∞): a minibatch of rows that a database or Spark holds has
        no order that all platforms share.
    weights
        ``rows`` weighs a site by its rows, as the paper does; ``uniform`` lets every site count the same.

    References
    ----------
    McMahan, H. B., Moore, E., Ramage, D., Hampson, S., & Agüera y Arcas, B. (2017). Communication-Efficient Learning
    of Deep Networks from Decentralized Data. AISTATS. https://arxiv.org/abs/1602.05629

    Examples
    --------
    Two sites, of 3 rows and of 1, come back with the weights 1 and 5: (3 · 1 + 1 · 5) / 4 = 2.

    >>> import numpy as np
    >>> from jupyter_wayang.plan.models import LogisticRegression
    >>> def parameters(weight):
    ...     return (named_array("weights", np.array([weight])), named_array("intercept", np.array([0.0])))
    >>> strategy = FedAvg(learning_rate=0.5)
    >>> start = GlobalModel(model=LogisticRegression(), features=("age",), parameters=parameters(0.0))
    >>> updates = (("a", Update(parameters=parameters(1.0), rows=3)), ("b", Update(parameters=parameters(5.0), rows=1)))
    >>> state, about = strategy.apply(strategy.init(start), updates)
    >>> array(state.current.parameters[0])
    array([2.])
    """

    learning_rate: float
    local_epochs: int = 1
    batch: int | None = None
    weights: Literal["rows", "uniform"] = "rows"

    def __post_init__(self) -> None:
        if self.batch is not None:
            raise OperatorError(
                f"fedavg(): batch must be null, not {self.batch}: a local step uses all rows of its site",
                found=str(self.batch),
                hint="leave batch out, and take more steps with local_epochs",
            )
        if not 1 <= self.local_epochs <= 100_000:
            raise OperatorError("fedavg(): local_epochs must be between 1 and 100,000", found=str(self.local_epochs))
        if not 0 < self.learning_rate < float("inf"):
            raise OperatorError("fedavg(): learning_rate must be above 0 and finite", found=str(self.learning_rate))
        if self.weights not in ("rows", "uniform"):
            raise OperatorError("fedavg(): weights must be 'rows' or 'uniform'", found=str(self.weights))

    def init(self, start: GlobalModel) -> State:
        """Return the state before the first round: the model as it starts."""
        return State(current=start)

    def task(self, state: State, client: Client) -> LocalTask:
        """Return the task of a round, the same for every site."""
        now = state.current
        return LocalTask(
            model=now.model,
            features=now.features,
            parameters=now.parameters,
            epochs=self.local_epochs,
            learning_rate=self.learning_rate,
        )

    def apply(self, state: State, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state with the mean of the updates, and how far the mean moved."""
        import numpy as np

        shares = [float(update.rows) if self.weights == "rows" else 1.0 for _, update in updates]
        mean = average(tuple(update.parameters for _, update in updates), shares)
        moved = [array(new) - array(old) for new, old in zip(mean, state.current.parameters, strict=True)]
        distance = float(np.sqrt(sum(float(np.sum(step * step)) for step in moved)))
        now = msgspec.structs.replace(state.current, parameters=mean)
        rows = float(sum(update.rows for _, update in updates))
        return msgspec.structs.replace(state, current=now), {"rows": rows, "step_norm": distance}


def average(parameters: tuple[tuple[NamedArray, ...], ...], shares: list[float]) -> tuple[NamedArray, ...]:
    """Return the weighted mean of arrays that bear the same names, adding up in the order given.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = named_array("w", np.array([0.0])), named_array("w", np.array([4.0]))
    >>> array(average(((a,), (b,)), [1.0, 3.0])[0])
    array([3.])
    """
    total = sum(shares)
    return tuple(
        named_array(together[0].name, _weighted([array(one) for one in together], [share / total for share in shares]))
        for together in zip(*parameters, strict=True)
    )


def _weighted(arrays: list[np.ndarray], shares: list[float]) -> np.ndarray:
    mean = shares[0] * arrays[0]
    for share, values in zip(shares[1:], arrays[1:], strict=True):
        mean = mean + share * values
    return mean
