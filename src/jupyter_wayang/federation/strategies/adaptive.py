"""What FedAdagrad, FedAdam and FedYogi share: Algorithm 2 of Reddi et al., but for one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_wayang.federation.strategies.local_steps import Averaging, moved
from jupyter_wayang.federation.strategies.state import GlobalModel, State
from jupyter_wayang.federation.strategies.vectors import arrays_like, mean_of, vector
from jupyter_wayang.plan.models import NamedArray
from jupyter_wayang.plan.tasks import Update

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Adaptive", "Moments"]


class Moments(State, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The global model, the first and the second moment of its steps, and how many rounds made them."""

    first: tuple[NamedArray, ...]
    second: tuple[NamedArray, ...]
    rounds: int = 0


class Adaptive(Averaging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    r"""A server that scales the step of every parameter by the steps that it took before.

    With :math:`\Delta = \sum_k p_k (w^k_{t+1} - w_t)`:

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) \Delta, \qquad
              w_{t+1} = w_t + \eta_s \frac{m}{\sqrt{v} + \tau},

    where m begins at 0 and v at :math:`\tau^2`; how v grows is what makes a strategy.

    Parameters
    ----------
    learning_rate, local_epochs, batch, seed, weights
        As in :class:`~jupyter_wayang.federation.strategies.local_steps.Averaging`. The paper's algorithm averages
        uniformly, its experiments by rows.
    server_learning_rate
        The step of the server :math:`\eta_s`, above 0.
    beta_1
        How much of the first moment is kept, from 0 to below 1.
    tau
        How adaptive it is, above 0: the smaller the more.
    """

    server_learning_rate: float = 0.1
    beta_1: float = 0.9
    tau: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        self.positive("server_learning_rate", self.server_learning_rate)
        self.below_one("beta_1", self.beta_1)
        self.positive("tau", self.tau)

    def grown(self, second: np.ndarray, squares: np.ndarray) -> np.ndarray:
        """Return the second moment after a round whose mean step has these squares."""
        raise NotImplementedError

    def begun(self) -> float:
        """Return what every entry of the second moment is before the first round."""
        return self.tau**2

    def corrected(self, first: np.ndarray, second: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the moments that the step is made of."""
        return first, second

    def init(self, start: GlobalModel, sites: tuple[str, ...]) -> State:
        """Return the state before the first round."""
        zero = 0 * vector(start.parameters)
        first, second = (arrays_like(values, start.parameters) for values in (zero, zero + self.begun()))
        return Moments(current=start, first=first, second=second)

    def apply(self, state: Moments, updates: tuple[tuple[str, Update], ...]) -> tuple[State, dict[str, float]]:
        """Return the state after a step of the server."""
        import numpy as np

        old = vector(state.current.parameters)
        delta = mean_of(updates, self.weights) - old
        first = self.beta_1 * vector(state.first) + (1 - self.beta_1) * delta
        second = self.grown(vector(state.second), delta**2)
        m, v = self.corrected(first, second, state.rounds + 1)
        now, about = moved(state, old + self.server_learning_rate * m / (np.sqrt(v) + self.tau), updates)
        kept = (arrays_like(first, state.first), arrays_like(second, state.second))
        return Moments(current=now, first=kept[0], second=kept[1], rounds=state.rounds + 1), about
