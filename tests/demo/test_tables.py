from __future__ import annotations

from jupyter_wayang.demo.comparison import GLOBAL, Comparison, Measured
from jupyter_wayang.demo.scores import Score
from jupyter_wayang.demo.tables import as_html, as_text, table, verdicts

SEEDS = range(1, 11)
TITLES = {"a": "Aachen", "b": "Bergen"}


def made(better_at_a: int, *, hidden: bool = False) -> Comparison:
    """Aachen is better off with the others in so many splits of ten; Bergen is the same either way."""
    measured = []
    for seed in SEEDS:
        ours = 0.8 if seed <= better_at_a else 0.6
        for site, auc in ((GLOBAL, 0.8), ("a", ours), ("b", 0.75)):
            for contender in ("federated", "local", "pooled", "converged", "majority"):
                value = auc if contender == "federated" else 0.7 if site == "a" else 0.75
                if contender == "pooled":
                    value = 0.79 + seed / 1000
                score = Score(
                    rows=20,
                    auc=None if hidden and site == "a" else value,
                    log_loss=1 - value,
                    accuracy=0.9 if contender == "majority" and site == "b" else value,
                    note="class 0 has under 3 rows" if hidden and site == "a" else None,
                )
                measured.append(Measured(seed=seed, site=site, contender=contender, score=score))
    sizes = {"a": 80, "b": 40}
    return Comparison(
        titles=TITLES, training=sizes, test=sizes, majority={"a": 0.6, "b": 0.9}, measured=tuple(measured), shown=7
    )


def said(found: Comparison, start: str) -> str:
    (line,) = [line for line in verdicts(found) if line.startswith(start)]
    return line


def test_a_hospital_that_is_better_in_nine_splits_gains():
    assert "gains: AUC 0.780 with the others, 0.700 alone; better in 9 of 10" in said(made(9), "Aachen")


def test_a_hospital_that_is_worse_in_nine_splits_loses():
    assert "loses: AUC 0.620 with the others, 0.700 alone; better in 1 of 10" in said(made(1), "Aachen")


def test_in_between_there_is_no_clear_difference():
    assert "sees no clear difference" in said(made(8), "Aachen")


def test_without_an_auc_the_log_loss_decides_and_lower_is_better():
    found = made(10, hidden=True)
    assert "gains: log loss 0.200 with the others, 0.300 alone" in said(found, "Aachen")
    assert said(found, "The AUC of Aachen") == (
        "The AUC of Aachen is not shown: among its test rows class 0 has under 3 rows."
    )


def test_where_one_answer_for_everybody_is_right_more_often_it_is_said():
    assert "right for 0.900 of the test rows (of all its rows 0.900)" in said(made(9), "At Bergen")
    assert not [line for line in verdicts(made(9)) if line.startswith("At Aachen")]


def test_the_largest_distance_to_pooled_rows_is_said():
    assert "at most 0.0090 apart" in said(made(9), "With all rows in one place")


def test_ranges_are_those_of_the_seeds_and_missing_values_are_a_dash():
    rows = table(made(9, hidden=True))
    aachen = next(row for row in rows if row[0] == "Aachen")
    assert aachen[1:4] == ("80", "80", "federated")
    assert aachen[4] == "–"
    assert aachen[5] == "0.220 [0.200, 0.400]"
    assert rows[0][:4] == ("all hospitals", "120", "120", "federated")
    assert rows[0][4] == "0.800"


def test_text_and_html_hold_the_same_rows():
    found = made(9)
    for row in table(found):
        for cell in row:
            assert cell in as_text(found)
            assert cell in as_html(found)


def test_what_is_written_is_read_again(tmp_path):
    found = made(3)
    found.write(tmp_path / "comparison.json")
    assert Comparison.read(tmp_path / "comparison.json") == found
