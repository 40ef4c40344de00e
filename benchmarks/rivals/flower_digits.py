"""Flower's simulation on the clients of ``benchmarks/simulation.py``: prints seconds a round as JSON. Needs ``flwr[simulation]``.

python flower_digits.py CLIENTS.npz ROUNDS
"""

from __future__ import annotations

import json
import os
import sys
from statistics import median
from time import perf_counter

import flwr
import numpy as np
from digits_task import accuracy, read, steps
from flwr.client import ClientApp, NumPyClient
from flwr.common import Context, ndarrays_to_parameters
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.simulation import run_simulation

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
CLIENTS, HELD = read(sys.argv[1])
ROUNDS = int(sys.argv[2])


class Client(NumPyClient):
    """Takes the steps of one client."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.X, self.y = X, y

    def fit(self, parameters: list[np.ndarray], config: dict) -> tuple[list[np.ndarray], int, dict]:
        """Return the parameters after the steps."""
        return [steps(self.X, self.y, parameters[0])], len(self.y), {}


def client_fn(context: Context) -> object:
    """Return the client of a node."""
    return Client(*CLIENTS[int(context.node_config["partition-id"])]).to_client()


seen: list[tuple[float, float]] = []


def measured(number: int, parameters: list[np.ndarray], config: dict) -> tuple[float, dict]:
    """Measure the global model, as after every round."""
    found = accuracy(parameters[0], *HELD)
    seen.append((perf_counter(), found))
    return 1 - found, {"accuracy": found}


def server_fn(context: Context) -> ServerAppComponents:
    """Return the server: federated averaging over all clients."""
    start = np.zeros((CLIENTS[0][0].shape[1] + 1, 10))
    strategy = FedAvg(
        fraction_fit=1.0,
        fraction_evaluate=0.0,
        min_fit_clients=len(CLIENTS),
        min_available_clients=len(CLIENTS),
        evaluate_fn=measured,
        initial_parameters=ndarrays_to_parameters([start]),
    )
    return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=ROUNDS))


if __name__ == "__main__":
    run_simulation(
        ServerApp(server_fn=server_fn),
        ClientApp(client_fn=client_fn),
        num_supernodes=len(CLIENTS),
        backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}},
    )
    times = np.diff([at for at, _ in seen])[1:]  # the first round starts the workers
    print(json.dumps({"seconds": median(times), "accuracy": seen[-1][1], "version": flwr.__version__}))
