from __future__ import annotations

import numpy as np
import pytest

from jupyter_wayang.demo.scores import auc, score


def test_auc_counts_pairs_and_halves_ties():
    generator = np.random.default_rng(3)
    probability, ill = generator.integers(0, 6, 60) / 5, generator.random(60) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in probability[ill] for b in probability[~ill]]
    assert auc(probability, ill) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_metrics_are_those_of_the_definitions():
    probability, ill = np.array([0.9, 0.2, 0.6, 0.4] * 3), np.array([True, False, False, True] * 3)
    found = score(probability, ill)
    assert found.accuracy == 0.5
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.4]).mean())
    assert found.note is None


def test_a_small_class_hides_the_auc_alone():
    found = score(np.linspace(0, 1, 20), np.arange(20) > 1)
    assert found.auc is None
    assert found.note == "class 0 has under 3 rows"
    assert found.log_loss is not None


def test_few_rows_hide_everything():
    found = score(np.linspace(0, 1, 9), np.arange(9) > 4)
    assert (found.auc, found.log_loss, found.accuracy) == (None, None, None)
    assert found.note == "under 10 rows"


def test_a_certain_mistake_costs_a_finite_loss():
    found = score(np.zeros(12), np.arange(12) > 5)
    assert found.log_loss is not None
    assert found.log_loss < 35
