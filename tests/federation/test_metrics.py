from __future__ import annotations

import numpy as np
import pytest
from heart_reference import prepared, reference, scores, stratified
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from jupyter_wayang.datasets import heart_disease
from jupyter_wayang.federation.metrics import BOTH, flaw, measure, measured, protect
from jupyter_wayang.plan.tasks import MergedCell, ScoreCell


def score_cells(p, y, bins):
    """Count rows as plan.tasks defines it, row by row."""
    cells = {}
    for score, target in zip(p, y, strict=True):
        at = (min(int(np.floor(score * bins)), bins - 1), int(target))
        n, loss, correct = cells.get(at, (0, 0.0, 0))
        clipped = min(max(score, 1e-15), 1 - 1e-15)
        loss -= np.log(clipped if target else 1 - clipped)
        cells[at] = (n + 1, loss, correct + int((score >= 0.5) == bool(target)))
    return tuple(
        ScoreCell(bin=b, target=t, n=n, log_loss=float(loss), correct=correct)
        for (b, t), (n, loss, correct) in sorted(cells.items())
    )


scored = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)
sites = st.lists(scored, min_size=1, max_size=4)
SLACK = 1e-9


@settings(max_examples=150, deadline=None)
@given(sites, st.integers(0, 6), st.integers(2, 60))
def test_the_exact_metrics_lie_within_what_is_told(rows, least, bins):
    answers = {
        str(i): protect(score_cells([p for p, _ in some], [y for _, y in some], bins), least, 1)
        for i, some in enumerate(rows)
    }
    told = [some for some, (cells, _) in zip(rows, answers.values(), strict=True) if cells]
    found = measured(answers, bins)
    p = np.array([p for some in told for p, _ in some])
    y = np.array([y for some in told for _, y in some])
    if not len(p):
        assert found["global"].rows is None
        return
    everything = found["global"]
    assert everything.rows == len(p)
    assert everything.log_loss == pytest.approx(log_loss(y, np.clip(p, 1e-15, 1 - 1e-15), labels=[False, True]))
    assert everything.accuracy == pytest.approx(accuracy_score(y, p >= 0.5))
    if everything.auc is not None and len(set(y)) == 2:
        assert abs(everything.auc - roc_auc_score(y, p)) <= everything.auc_error + SLACK
        assert everything.auc_error <= 1


@settings(max_examples=150, deadline=None)
@given(scored, st.integers(0, 8), st.integers(0, 12), st.integers(2, 40))
def test_nothing_under_the_minimum_leaves(rows, least, minimum_rows, bins):
    exact = score_cells([p for p, _ in rows], [y for _, y in rows], bins)
    cells, note = protect(exact, least, minimum_rows)
    if len(rows) < max(least, minimum_rows):
        assert cells == ()
        assert note == f"under {max(least, minimum_rows)} rows"
        return
    assert all(cell.n >= least for cell in cells)
    # Totals are those of all rows: what is not in a cell of its class is in one cell that is large enough itself.
    assert sum(cell.n for cell in cells) == len(rows)
    assert sum(cell.correct for cell in cells) == sum(cell.correct for cell in exact)
    assert sum(cell.log_loss for cell in cells) == pytest.approx(sum(cell.log_loss for cell in exact))
    for target in (0, 1):
        of_class = sum(cell.n for cell in exact if cell.target == target)
        told = [cell for cell in cells if cell.target == target]
        if 0 < of_class < least:
            assert told == []
            assert note is not None
        for cell in told:
            inside = [c.n for c in exact if c.target == target and cell.low_bin <= c.bin <= cell.high_bin]
            assert sum(inside) == cell.n
    assert flaw(cells, bins) is None


def test_a_merged_cell_does_not_tell_where_its_rows_are():
    exact = [ScoreCell(bin=b, target=1, n=1, log_loss=0.1, correct=1) for b in (4, 7, 13, 15)]
    cells, note = protect(exact, 2, 1)
    assert [(cell.low_bin, cell.high_bin, cell.n) for cell in cells] == [(0, 10, 2), (11, 999, 2)]
    assert note is None


def test_cells_are_merged_where_it_blurs_least():
    exact = [ScoreCell(bin=b, target=0, n=n, log_loss=1.0, correct=0) for b, n in ((0, 1), (1, 2), (10, 2), (11, 1))]
    cells, _ = protect(exact, 3, 1)
    assert [(cell.n, cell.low_bin <= 1, cell.high_bin >= 11) for cell in cells] == [(3, True, False), (3, False, True)]


def test_a_small_class_hides_in_the_smallest_cell_of_the_other():
    exact = [ScoreCell(bin=19, target=0, n=2, log_loss=5.0, correct=0)]
    exact += [ScoreCell(bin=b, target=1, n=n, log_loss=1.0, correct=n) for b, n in ((12, 8), (15, 4), (18, 9))]
    cells, note = protect(exact, 3, 10)
    assert note == "class 0 has under 3 rows"
    (rest,) = [cell for cell in cells if cell.target == BOTH]
    assert (rest.n, rest.low_bin, rest.high_bin, rest.log_loss) == (6, 0, 999, 6.0)
    assert sorted(cell.n for cell in cells if cell.target == 1) == [8, 9]
    found = measured({"s": (cells, note)}, 20)
    assert (found["s"].rows, found["s"].auc, found["s"].note) == (23, None, "class 0 has under 3 rows")
    assert found["s"].accuracy == pytest.approx(21 / 23)


def test_a_site_under_its_minimum_is_null_with_the_reason():
    many = score_cells(np.linspace(0, 1, 30), np.arange(30) % 2, 20)
    found = measured({"large": protect(many, 1, 10), "small": protect(many[:4], 1, 10)}, 20)
    assert (found["small"].rows, found["small"].log_loss, found["small"].note) == (None, None, "under 10 rows")
    assert (found["global"].rows, found["global"].note) == (30, "without small")


def test_a_site_of_one_class_has_no_auc():
    found = measure(protect(score_cells([0.2, 0.9, 0.8], [1, 1, 1], 20), 1, 1)[0], 20)
    assert (found.rows, found.auc, found.note) == (3, None, "no row of class 0")
    assert found.accuracy == pytest.approx(2 / 3)


def test_no_rows_at_all_are_no_metrics():
    found = measure((), 20)
    assert (found.rows, found.auc, found.note) == (None, None, "no rows")


def test_unmerged_cells_are_uncertain_by_pairs_that_share_a_bin():
    cells = protect(score_cells([0.11, 0.12, 0.91], [0, 1, 1], 10), 1, 1)[0]
    found = measure(cells, 10)
    # One of the two pairs is sure, the other may go either way.
    assert found.auc - found.auc_error <= 0.5
    assert found.auc + found.auc_error >= 1 - SLACK
    assert found.auc_error <= 0.5


@pytest.mark.parametrize("change", [
    {"target": 2}, {"low_bin": -1}, {"low_bin": 5, "high_bin": 4}, {"low_bin": 20, "high_bin": 20}, {"n": 0},
    {"correct": 6}, {"correct": -1}, {"log_loss": float("nan")}, {"log_loss": float("inf")}, {"log_loss": -1.0},
])  # fmt: skip
def test_cells_that_cannot_be_are_seen(change):
    right = {"low_bin": 3, "high_bin": 4, "target": 1, "n": 5, "log_loss": 2.0, "correct": 5}
    assert flaw([MergedCell(**right)], 20) is None
    assert flaw([MergedCell(**{**right, **change})], 20) is not None


@pytest.mark.parametrize(("least", "bins"), [(1, 20), (2, 20), (2, 50)])
def test_the_federated_auc_of_the_heart_model_is_near_the_pooled_one(least, bins):
    tables = {
        site: {name: table[name].to_numpy(zero_copy_only=False).astype(float) for name in table.column_names}
        for site, table in heart_disease().items()
    }
    for seed in range(10):
        generator = np.random.default_rng(seed)
        training = {site: stratified(table["num"], 0.8, generator) for site, table in tables.items()}
        features, rows = prepared(tables, training)
        model = reference(tables, training)[-1]
        answers = {
            site: protect(score_cells(scores(model, features, X[~training[site]]), y[~training[site]], bins), least, 10)
            for site, (X, y) in rows.items()
        }
        train = [np.concatenate([part[i][training[s]] for s, part in rows.items()]) for i in (0, 1)]
        test = [np.concatenate([part[i][~training[s]] for s, part in rows.items()]) for i in (0, 1)]
        pooled = LogisticRegression(C=1 / (1e-3 * len(train[1])), tol=1e-8, max_iter=1000).fit(*train)
        exact = roc_auc_score(test[1], pooled.decision_function(test[0]))
        found = measured(answers, bins)["global"]
        assert found.rows == 185
        assert abs(found.auc - exact) < 0.01
