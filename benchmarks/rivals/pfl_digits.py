"""pfl-research on the clients of ``benchmarks/simulation.py``: prints seconds a round as JSON. Needs ``pfl`` and ``torch``.

python pfl_digits.py CLIENTS.npz ROUNDS
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from statistics import median
from time import perf_counter

import numpy as np
import torch
from digits_task import EPOCHS, L2, RATE, read
from pfl.aggregate.simulate import SimulatedBackend
from pfl.aggregate.weighting import WeightByDatapoints
from pfl.algorithm.base import NNAlgorithmParams
from pfl.algorithm.federated_averaging import FederatedAveraging
from pfl.callback.base import TrainingProcessCallback
from pfl.data.dataset import Dataset
from pfl.data.federated_dataset import FederatedDataset
from pfl.data.sampling import get_user_sampler
from pfl.hyperparam import NNEvalHyperParams, NNTrainHyperParams
from pfl.metrics import Metrics, Weighted
from pfl.model.pytorch import PyTorchModel

CLIENTS, (X_TEST, Y_TEST) = read(sys.argv[1])
ROUNDS = int(sys.argv[2])


class Softmax(torch.nn.Module):
    """A multinomial logistic regression that begins at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(CLIENTS[0][0].shape[1], 10, dtype=torch.float64)
        torch.nn.init.zeros_(self.linear.weight)
        torch.nn.init.zeros_(self.linear.bias)

    def loss(self, x: torch.Tensor, y: torch.Tensor, *, eval: bool = False) -> torch.Tensor:
        """Return the mean log loss and the penalty."""
        self.eval() if eval else self.train()
        return torch.nn.functional.cross_entropy(self.linear(x), y) + L2 / 2 * (self.linear.weight**2).sum()

    @torch.no_grad()
    def metrics(self, x: torch.Tensor, y: torch.Tensor) -> dict:
        """Return the accuracy."""
        self.eval()
        right = (self.linear(x).argmax(dim=1) == y).sum().item()
        return {"accuracy": Weighted(right, len(y))}


class Watch(TrainingProcessCallback):
    """Measures the global model and notes the time after every round."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []

    def after_central_iteration(
        self, aggregate_metrics: Metrics, model: PyTorchModel, *, central_iteration: int
    ) -> tuple:
        """Measure."""
        with torch.no_grad():
            said = model.pytorch_model.linear(torch.as_tensor(X_TEST)).argmax(dim=1).numpy()
        self.seen.append((perf_counter(), float((said == Y_TEST).mean())))
        return False, Metrics()


def rows(user: int) -> Dataset:
    """Return the rows of a client."""
    X, y = CLIENTS[user]
    return Dataset((torch.as_tensor(X), torch.as_tensor(y)), user_id=str(user))


if __name__ == "__main__":
    torch.set_num_threads(1)
    model = Softmax()
    wrapped = PyTorchModel(
        model=model,
        local_optimizer_create=torch.optim.SGD,
        central_optimizer=torch.optim.SGD(model.parameters(), lr=1.0),
    )
    data = FederatedDataset(rows, get_user_sampler("minimize_reuse", list(range(len(CLIENTS)))))
    watch = Watch()
    FederatedAveraging().run(
        algorithm_params=NNAlgorithmParams(
            central_num_iterations=ROUNDS + 1,
            evaluation_frequency=ROUNDS + 2,
            train_cohort_size=len(CLIENTS),
            val_cohort_size=0,
        ),
        backend=SimulatedBackend(training_data=data, val_data=data, postprocessors=[WeightByDatapoints()]),
        model=wrapped,
        model_train_params=NNTrainHyperParams(local_num_epochs=EPOCHS, local_learning_rate=RATE, local_batch_size=None),
        model_eval_params=NNEvalHyperParams(local_batch_size=None),
        callbacks=[watch],
    )
    times = np.diff([at for at, _ in watch.seen])
    print(json.dumps({"seconds": median(times), "accuracy": watch.seen[ROUNDS - 1][1], "version": version("pfl")}))
