"""The rules by themselves, against plain computations."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_wayang.errors import DataError, OperatorError
from jupyter_wayang.site.disclosure.differencing import too_close
from jupyter_wayang.site.disclosure.suppression import told
from jupyter_wayang.site.policy import Columns, Policy, PrivacyBudget, read_policy
from jupyter_wayang.site.words import in_words

SETS = st.lists(st.sets(st.integers(0, 4), min_size=1).map(lambda cells: tuple(sorted(cells))), min_size=2, max_size=5)
SIZES = st.lists(st.sampled_from([1, 4, 12, 30]), min_size=5, max_size=5)


def rank(rows: list[list[int]]) -> int:
    """Return the rank of a matrix, exactly."""
    matrix = [[Fraction(value) for value in row] for row in rows]
    found = 0
    for column in range(len(matrix[0])):
        pivot = next((place for place in range(found, len(matrix)) if matrix[place][column]), None)
        if pivot is None:
            continue
        matrix[found], matrix[pivot] = matrix[pivot], matrix[found]
        for place in range(found + 1, len(matrix)):
            factor = matrix[place][column] / matrix[found][column]
            matrix[place] = [a - factor * b for a, b in zip(matrix[place], matrix[found], strict=True)]
        found += 1
    return found


def discloses(sets: list[tuple[int, ...]], sizes: list[int], minimum: int) -> bool:
    """Tell by definition whether sets give a small cell away, or differ by few rows."""
    rows = [[int(cell in one) for cell in range(len(sizes))] for one in sets]
    units = [[int(cell == small) for cell in range(len(sizes))] for small, size in enumerate(sizes) if size < minimum]
    alone = any(rank([*rows, unit]) == rank(rows) for unit in units)
    pairs = itertools.combinations(sets, 2)
    apart = (sum(sizes[cell] for cell in set(one) ^ set(other)) for one, other in pairs)
    return alone or any(0 < rows_apart < minimum for rows_apart in apart)


@settings(deadline=None, max_examples=200)
@given(sets=SETS, sizes=SIZES)
def test_what_discloses_by_definition_is_found(sets: list[tuple[int, ...]], sizes: list[int]) -> None:
    *known, new = sets
    if discloses(sets, sizes, 10) and not discloses(known, sizes, 10):
        assert too_close(known, [new], sizes, 10)


@settings(deadline=None, max_examples=100)
@given(sets=SETS)
def test_large_cells_are_no_secret(sets: list[tuple[int, ...]]) -> None:
    assert not too_close(sets[:-1], sets[-1:], [10, 11, 12, 13, 14], 10)


@settings(deadline=None, max_examples=200)
@given(
    sizes=st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.integers(1, 25), min_size=1, max_size=12)
)
def test_no_line_of_a_table_gives_a_small_cell_away(sizes: dict[tuple[int, int], int]) -> None:
    shown = told(sizes, 10)
    assert all(sizes[cell] >= 10 for cell in shown)
    for place, value in itertools.product((0, 1), range(4)):
        line = {cell for cell in sizes if cell[place] == value}
        hidden = sum(sizes[cell] for cell in line - shown)
        # A line that is hidden as a whole tells nothing but its total, which is another answer.
        assert hidden == 0 or hidden >= 10 or not line & shown


def test_tables_without_small_groups_are_told_whole() -> None:
    assert told({("a",): 10, ("b",): 12}, 10) == {("a",), ("b",)}


def test_a_policy_file_has_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'analysts = ["alice"]\ntables = ["patients"]\noperators = ["fit"]\ncolumns.patients.deny = ["name"]\n'
        "metric_rows = 5\nqueries_per_hour = 60\nprivacy_budget = { epsilon = 2.0, delta = 1e-5 }\n"
    )
    policy = read_policy(path)
    assert policy.columns == {"patients": Columns(deny=("name",))}
    assert policy.privacy_budget == PrivacyBudget(epsilon=2.0, delta=1e-5)
    said = in_words(policy, "VA")
    for part in (
        "alice and nobody else",
        "without name",
        "60 times an hour",
        "epsilon 2 at delta 1e-05",
        "train a model",
    ):
        assert part in said
    assert "count and average" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dominance = 1.5", "a share from 0 to 1"),
        ("metric_rows = 0", "1 or more"),
        ("minimum_row = 10", "unknown field `minimum_row`"),
        ('columns.other.deny = ["x"]', "columns of other"),
        ("privacy_budget = { epsilon = 0.0, delta = 1e-5 }", "epsilon above 0"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text + "\n")
    with pytest.raises((DataError, OperatorError), match=said):
        read_policy(path)


def test_a_policy_that_allows_nothing_says_so() -> None:
    assert in_words(Policy(), "VA") == "VA answers nobody: its policy allows no tables."
