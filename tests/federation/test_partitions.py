"""How rows are dealt: every row once, the same with one seed, and skewed in the way that the name says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.federation.partitions import by_column, dirichlet, feature_skew, iid, quantity_skew

ROWS, CLIENTS = 3_000, 10
LABELS = np.random.default_rng(0).integers(0, 3, ROWS)
AGES = pa.chunked_array([pa.array(np.random.default_rng(1).normal(50, 10, ROWS))])
WARDS = pa.chunked_array([pa.array([f"ward {i % CLIENTS}" for i in range(ROWS)])])
ALL = {
    "iid": (iid(), None),
    "dirichlet": (dirichlet(0.5), None),
    "quantity_skew": (quantity_skew(0.5), None),
    "feature_skew": (feature_skew("age"), AGES),
    "by_column": (by_column("ward"), WARDS),
}


def dealt(partition, values=None, seed=0, clients=CLIENTS):
    return partition.deal(LABELS, values, clients, np.random.default_rng(seed))


def class_spread(client):
    """Return the mean distance in total variation of the clients' classes from those of all rows."""
    whole = np.bincount(LABELS, minlength=3) / ROWS
    shares = [np.bincount(LABELS[client == c], minlength=3) / max(1, np.sum(client == c)) for c in range(CLIENTS)]
    return float(np.mean([np.abs(share - whole).sum() / 2 for share in shares if share.any()]))


@pytest.mark.parametrize("name", ALL)
def test_every_row_has_one_client_and_a_seed_gives_the_same_again(name):
    partition, values = ALL[name]
    client = dealt(partition, values)
    assert client.shape == (ROWS,)
    assert set(client) <= set(range(CLIENTS))
    assert np.array_equal(client, dealt(partition, values))
    if name != "by_column":
        assert not np.array_equal(client, dealt(partition, values, seed=1))


def test_label_skew_grows_as_alpha_falls():
    spreads = [class_spread(dealt(dirichlet(alpha))) for alpha in (0.05, 0.5, 5.0, 500.0)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[0] > 0.4
    assert spreads[-1] < 0.05


def test_quantity_skew_leaves_the_classes_as_they_are():
    client = dealt(quantity_skew(0.5))
    sizes = np.bincount(client, minlength=CLIENTS)
    assert sizes.max() > 10 * sizes.min()
    large = int(sizes.argmax())
    assert np.abs(np.bincount(LABELS[client == large], minlength=3) / sizes[large] - 1 / 3).max() < 0.05


def test_feature_skew_sorts_clients_by_the_column_and_mixing_undoes_it():
    ages = AGES.to_numpy()

    def means(mixing):
        client = dealt(feature_skew("age", mixing), AGES)
        assert set(np.bincount(client)) == {ROWS // CLIENTS}
        return np.array([ages[client == c].mean() for c in range(CLIENTS)])

    assert (np.diff(means(0)) > 0).all()
    assert np.ptp(means(0)) > 25
    assert np.ptp(means(1)) < 5


def test_iid_clients_are_of_one_size():
    assert np.ptp(np.bincount(dealt(iid(), clients=7), minlength=7)) <= 1
    assert class_spread(dealt(iid())) < 0.05


def test_a_client_for_each_value_has_all_of_its_rows():
    client = dealt(by_column("ward"), WARDS)
    assert len(set(zip(client.tolist(), WARDS.to_pylist(), strict=True))) == CLIENTS
    with pytest.raises(OperatorError, match="without a value"):
        by_column("ward").deal(LABELS[:2], pa.chunked_array([["a", None]]), 2, np.random.default_rng(0))


@pytest.mark.parametrize("wrong", [-1, float("inf"), float("nan"), "0.5", True])
@pytest.mark.parametrize("make", [dirichlet, quantity_skew, lambda value: feature_skew("age", mixing=value)])
def test_wrong_parameters_are_refused(make, wrong):
    with pytest.raises(OperatorError, match="must be a number"):
        make(wrong)
