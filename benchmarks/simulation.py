"""Simulated FedAvg beside a plain NumPy batch, pfl-research and Flower on the digits; and LEAF's task with more and more clients.

pfl-research and Flower are timed where they are installed: in the Python that ``--rivals`` names, or in this one. Their
dependencies (Ray, others) are none of this package's.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import pyarrow as pa
from sklearn.datasets import load_digits

import jupyter_wayang as wy
from jupyter_wayang.events import MetricsMeasured, RunFinished
from jupyter_wayang.execution.timing import interleaved
from jupyter_wayang.federation.simulation import Clients
from jupyter_wayang.session import SimulatedClients

CLIENTS, EPOCHS, RATE, L2 = 100, 5, 0.5, 1e-4
RIVALS = {"pfl-research": "pfl_digits.py", "Flower": "flower_digits.py"}
SIZES = (100, 10_000, 100_000)
ROWS, FEATURES, CLASSES = 20, 60, 10
_FOLDER = Path(__file__).parent


def table(rounds: int, repeats: int, sizes: tuple[int, ...] = SIZES, rivals: str = sys.executable) -> list[str]:
    """Time all, and return Markdown tables."""
    return [*digits(rounds, repeats, rivals), "", *leaf(sizes, min(rounds, 5))]


def digits(rounds: int, repeats: int, rivals: str) -> list[str]:
    """Time rounds of FedAvg on the digits, full participation, the model measured after every round."""
    X, y = load_digits(return_X_y=True)
    rows = pa.table({**{f"p{at}": X[:, at] / 16 for at in range(X.shape[1])}, "digit": y})
    with TemporaryDirectory() as scratch:
        session = wy.Session(scratch)
        clients = session.simulate(rows, "digit", CLIENTS, partition=wy.dirichlet(0.5), seed=7)
        plain = Plain(clients.dealt)
        seen: dict[str, float] = {}

        def ours() -> None:
            run = _fitted(clients, rounds)
            seen["ours"] = [e.accuracy for e in run.events() if isinstance(e, MetricsMeasured)][-1] or 0.0

        def theirs() -> None:
            seen["plain"] = plain.train(rounds)

        times = {name: median(t) / rounds for name, t in interleaved({"plain": theirs, "ours": ours}, repeats).items()}
        others = {name: _rival(name, clients.dealt, rounds, rivals, Path(scratch)) for name in RIVALS}
        session.close()
    lines = [
        f"| seconds a round, digits, {CLIENTS} clients by dirichlet(0.5), {EPOCHS} local epochs | s | ratio | accuracy |",
        "|---|---:|---:|---:|",
        f"| plain NumPy batch, clients padded to the largest | {times['plain']:.5f} | 1.0 | {seen['plain']:.3f} |",
        f"| simulated clients, with plan, journal and metrics by client | {times['ours']:.5f} | {times['ours'] / times['plain']:.1f} | {seen['ours']:.3f} |",
    ]
    for name, found in others.items():
        if isinstance(found, str):
            lines.append(f"| {name} | {found} | | |")
        else:
            seconds, accuracy, version = found["seconds"], found["accuracy"], found["version"]
            lines.append(f"| {name} {version} | {seconds:.5f} | {seconds / times['plain']:.1f} | {accuracy:.3f} |")
    return lines


def _fitted(clients: SimulatedClients, rounds: int) -> wy.Run:
    strategy = wy.fedavg(local_epochs=EPOCHS, learning_rate=RATE)
    run: wy.Run = clients.fit(wy.logistic_regression(l2=L2), rounds=rounds, strategy=strategy).run
    return run


def rows_of(clients: Clients) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the training rows of every client, in the order of the clients."""
    own = {}
    for block in clients.blocks:
        for at, client in enumerate(block.clients.tolist()):
            count = int(block.rows[at])
            own[client] = (block.X[at, :count, :-1], block.y[at, :count])
    return [own[client] for client in sorted(own)]


class Plain:
    """FedAvg as one would write it by hand: arrays of (clients, most rows, features + 1), and nothing around them."""

    def __init__(self, clients: Clients) -> None:
        own = rows_of(clients)
        self.rows = np.array([len(y) for _, y in own])
        self.X = np.zeros((len(own), self.rows.max(), own[0][0].shape[1] + 1))
        self.targets = np.zeros((len(own), self.rows.max(), len(clients.classes)))
        for at, (X, y) in enumerate(own):
            self.X[at, : len(y), :-1], self.X[at, : len(y), -1] = X, 1
            self.targets[at, np.arange(len(y)), y] = 1
        self.held = clients.held

    def train(self, rounds: int) -> float:
        """Train, measure log loss and accuracy after every round, and return the last accuracy."""
        W = np.zeros((self.X.shape[2], self.targets.shape[2]))
        penalty = np.full((len(W), 1), L2)
        penalty[-1] = 0
        across, count = self.X.transpose(0, 2, 1), self.rows[:, None, None]
        accuracy = self._measured(W)
        for _ in range(rounds):
            each = np.repeat(W[None], len(self.X), axis=0)
            for _ in range(EPOCHS):
                each = each - RATE * (across @ (_softmax(self.X @ each) - self.targets) / count + penalty * each)
            W = np.tensordot(self.rows / self.rows.sum(), each, axes=1)
            accuracy = self._measured(W)
        return accuracy

    def _measured(self, W: np.ndarray) -> float:
        p = _softmax(self.held.X @ W[:-1] + W[-1])
        _loss = -np.log(np.clip(p[np.arange(len(p)), self.held.y], 1e-15, 1)).mean()
        return float((p.argmax(axis=1) == self.held.y).mean())


def _softmax(z: np.ndarray) -> np.ndarray:
    made = np.exp(z - z.max(axis=-1, keepdims=True))
    found: np.ndarray = made / made.sum(axis=-1, keepdims=True)
    return found


def _rival(name: str, clients: Clients, rounds: int, python: str, folder: Path) -> dict[str, float] | str:
    """Time another framework on the same clients, in the Python that has it; say why if none has."""
    own = rows_of(clients)
    starts = np.cumsum([0, *(len(y) for _, y in own)])
    where = folder / "digits.npz"
    np.savez(
        where,
        X=np.vstack([X for X, _ in own]),
        y=np.concatenate([y for _, y in own]),
        starts=starts,
        X_test=clients.held.X,
        y_test=clients.held.y,
    )
    # A framework's own logs go to stderr; its first rounds start it, and are not counted.
    command = [python, str(_FOLDER / "rivals" / RIVALS[name]), str(where), str(rounds)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, cwd=folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"not timed: {type(error).__name__}"
    answer = done.stdout.strip().splitlines()
    if done.returncode or not answer:
        said = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        return f"not timed: {said[:120]}"
    found: dict[str, float] = json.loads(answer[-1])
    return found


def leaf(sizes: tuple[int, ...], rounds: int) -> list[str]:
    """Time rounds with more and more clients, each size in a process of its own, whose memory is seen."""
    lines = [
        f"| LEAF's synthetic task, {ROWS} rows a client, {FEATURES} features, {CLASSES} classes | seconds a round | µs of processors a client | memory, MiB | accuracy, from |",
        "|---|---:|---:|---:|---:|",
    ]
    for size in sizes:
        command = [sys.executable, __file__, "--leaf", str(size), "--rounds", str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.strip().splitlines()[-1])
        each = found["cpu_s"] / size * 1e6
        lines.append(
            f"| {size:,} clients | {found['seconds']:.4f} | {each:.1f} | {found['peak_mib']:,.0f} | "
            f"{found['accuracy']:.3f}, {found['first']:.3f} |"
        )
    return lines


def synthetic(clients: int, seed: int = 0) -> pa.Table:
    """Return LEAF's synthetic task in 32 bits, by its generator: two clusters of clients, a model near each.

    Q ~ N(0, 1) is shared; a cluster's side information is s ~ N(m, 1), m ~ N(0, 1), a client's is N(s, 0.1); its model
    is Q times that. Its rows are x ~ N(v, diag(j^-1.2)), v ~ N(B, 1), B ~ N(0, 1), and the class is the largest of the
    scores with noise N(0, 0.1).

    Caldas, S., et al. (2018). LEAF: A Benchmark for Federated Settings. https://arxiv.org/abs/1812.01097
    """
    chance = np.random.default_rng(seed)
    X = np.empty((FEATURES, clients * ROWS), dtype=np.float32)
    y = np.empty(clients * ROWS, dtype=np.int64)
    deviation = np.arange(1, FEATURES + 1) ** -0.6
    Q = chance.normal(size=(FEATURES + 1, CLASSES, 2))
    clusters = chance.normal(chance.normal(size=(2, 1)), 1, (2, 2))
    for client in range(clients):
        W = Q @ chance.normal(clusters[chance.integers(2)], 0.1)
        own = chance.normal(chance.normal(), 1, FEATURES) + chance.normal(size=(ROWS, FEATURES)) * deviation
        scores = W[0] + own @ W[1:] + chance.normal(0, 0.1, (ROWS, CLASSES))
        some = slice(client * ROWS, (client + 1) * ROWS)
        X[:, some], y[some] = own.T, scores.argmax(axis=1)
    columns = {f"x{at}": X[at] for at in range(FEATURES)}
    return pa.table({**columns, "class": y, "client": np.repeat(np.arange(clients, dtype=np.int32), ROWS)})


def _leaf(size: int, rounds: int) -> None:
    """Run one size and print what was seen."""
    with TemporaryDirectory() as scratch:
        session = wy.Session(scratch)
        rows = synthetic(size)
        clients = session.simulate(rows, "class", partition=wy.by_column("client"), seed=1)
        del rows
        strategy = wy.fedavg(local_epochs=EPOCHS, learning_rate=0.01)
        began = process_time()
        run = clients.fit(wy.logistic_regression(), rounds=rounds, strategy=strategy).run
        spent = process_time() - began
        overall = [event for event in run.events() if isinstance(event, MetricsMeasured)]
        (end,) = (event for event in run.events() if isinstance(event, RunFinished))
        session.close()
    found = {
        "seconds": end.seconds / rounds,
        "cpu_s": spent / rounds,  # beside others on the machine a clock on the wall says little
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "accuracy": overall[-1].accuracy,
        "first": overall[0].accuracy,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds, few clients")
    parser.add_argument("--rivals", default=sys.executable, help="a Python that has pfl-research and Flower")
    parser.add_argument("--leaf", type=int, help="only this number of clients of LEAF's task, in this process")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    if options.leaf is not None:
        _leaf(options.leaf, options.rounds)
    elif options.quick:
        print("\n".join(table(3, 1, (10, 100), options.rivals)))
    else:
        print("\n".join(table(options.rounds, 7, SIZES, options.rivals)))
