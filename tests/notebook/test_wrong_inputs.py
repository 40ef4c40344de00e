"""Wrong inputs: one clean message each, that says what, where and what would be right; the session goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from jupyter_wayang.datasets import heart_disease

POLICY = 'tables = ["patients"]\noperators = ["aggregate", "learn", "fit", "evaluate"]\nminimum_rows = 10\nminimum_cell = 3\n'

FIT = """
train, test = read("patients").select(age, thalach, num).split(0.8, seed=1, by=[num > 0])
ready = train.impute(mean).scale()
model = ready.fit(logistic_regression(l2=1e-3), target=num > 0, rounds={rounds},
                  strategy=fedavg(local_epochs=5, learning_rate=0.5))
model.evaluate(test)
"""

IN_A_CELL = {
    "unknown column": (
        '%%wayang\nvisits = read("visits.csv")\nvisits.filter(agee > 18)',
        [
            "ColumnError",
            'there is no column "agee" in visits. Did you mean age?',
            "3  visits.filter(agee > 18)",
            "^^^^",
            "columns: age, ward, class",
        ],
    ),
    "unknown operator": (
        '%%wayang\nread("visits.csv").fliter(age > 18)',
        ["there is no operator", "Did you mean filter?", "^^^^^^"],
    ),
    "unknown platform": (
        '%%wayang\nread("visits.csv").limit(1).on("dukdb")',
        ['no platform "dukdb". Did you mean duckdb?'],
    ),
    "unknown platform on the line": (
        '%%wayang --platforms dukdb\nread("visits.csv")',
        ['no platform "dukdb". Did you mean duckdb?'],
    ),
    "no platform on the line": (
        '%%wayang --platforms ,\nread("visits.csv")',
        ["OperatorError: --platforms names no platform", "%%wayang [NAME <<]"],
    ),
    "unknown format": ('%%wayang\nread("visits.csv", format="xml")', ['there is no format "xml"', "formats: csv"]),
    "long delimiter": ('%%wayang\nread("visits.csv", delimiter=";;")', ["the delimiter is one character, not ';;'"]),
    "a folder": ('%%wayang\nread("folder.csv")', ['"folder.csv" is a folder, not a file']),
    "frame of mixed values": (
        "%%wayang\nmixed.limit(1)",
        ["DataError: the DataFrame cannot become an Arrow table", "2  mixed.limit(1)", "^^^^^"],
    ),
    "type error": (
        '%%wayang\nread("visits.csv").filter(ward > 18)',
        ["ExpressionTypeError", "ward (string)", "18 (int64)", "^^^^^^^^^"],
    ),
    "syntax error after an é": (
        '%%wayang\nx = "é"; read("visits.csv").filter(ward == "é" age)',
        ["CellSyntaxError", "2  x", "^"],
    ),
    "column named class": (
        '%%wayang\nread("visits.csv").filter(class > 1)',
        ["class is a word of Python", 'col["class"]', "^^^^^"],
    ),
    "missing file": ('%%wayang\nread("vists.csv")', ['there is no file "vists.csv"', "Did you mean visits.csv?"]),
    "empty file": ('%%wayang\nread("empty.csv")', ['"empty.csv" is empty']),
    "corrupt file": ('%%wayang\nread("corrupt.parquet")', ['"corrupt.parquet" cannot be read as parquet']),
    "two percent signs": ('%wayang\nread("visits.csv")', ["two percent signs", "%%wayang"]),
    "unknown option": (
        '%%wayang --plattforms pandas\nread("visits.csv")',
        ["--plattforms", "Did you mean --platforms?"],
    ),
    "unknown command": ("%wayang explian", ["explian", "Did you mean %wayang explain?"]),
    "unknown federation": (
        '%%wayang --sites hospitals\nread("patients")',
        ["there is no federation hospitals", "declare it"],
    ),
}


def assert_clean(shown: str) -> None:
    assert "Traceback" not in shown, shown
    assert "jupyter_wayang/" not in shown, shown
    assert ".py" not in shown, shown


@pytest.mark.parametrize("case", IN_A_CELL)
def test_a_wrong_cell_gets_one_clean_message_and_the_session_goes_on(
    cells: Callable[[str], str], tmp_path: Path, case: str
) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "folder.csv").mkdir()
    cells.shell.user_ns["mixed"] = pd.DataFrame({"a": ["Jones", 44]})  # type: ignore[attr-defined]
    (tmp_path / "corrupt.parquet").write_bytes(b"PAR1 and then nothing of the kind")
    cell, expected = IN_A_CELL[case]
    shown = cells(cell)
    for part in expected:
        assert part in shown, shown
    assert_clean(shown)
    assert "2 rows" in cells('%%wayang\nread("visits.csv").filter(age > 18)')


def test_a_bare_magic_prints_examples(cells: Callable[[str], str]) -> None:
    for bare in ("%%wayang", "%wayang", "%%wayang\n\n"):
        shown = cells(bare)
        assert "%%wayang heart --sites hospitals" in shown
        assert_clean(shown)


def declare(cells: Callable[[str], str], tmp_path: Path, **changed: pa.Table | None) -> None:
    """Declare the four hospitals, some of them with another table, or with none."""
    (tmp_path / "policy.toml").write_text(POLICY)
    sites = {}
    for site, table in {**heart_disease(), **changed}.items():
        name = f"{site}.parquet"
        if table is not None:
            pq.write_table(table, tmp_path / name)
        tables = {} if table is None else {"patients": {"path": name}}
        sites[site] = {"tables": tables, "platforms": ["pandas", "numpy"], "policy": "policy.toml"}
    cells.session.federation("hospitals", sites)  # type: ignore[attr-defined]


def test_a_site_without_the_table_is_named_before_the_start(cells: Callable[[str], str], tmp_path: Path) -> None:
    declare(cells, tmp_path, va=None)
    shown = cells('%%wayang --sites hospitals\nread("patients").agg(n=count())')
    assert "Va" in shown
    assert "there is no table patients" in shown
    assert_clean(shown)
    assert cells("%wayang runs").count("done") == 0


def test_a_site_with_another_type_is_named_before_the_start(cells: Callable[[str], str], tmp_path: Path) -> None:
    table = heart_disease()["va"]
    words = pa.array(["old"] * table.num_rows)
    declare(cells, tmp_path, va=table.set_column(0, "age", words))
    shown = cells('%%wayang --sites hospitals\nread("patients").agg(n=count())')
    for part in ("age", "string at Va", "float64 at Cleveland"):
        assert part in shown
    assert_clean(shown)


def test_an_empty_site_is_left_out_and_said(cells: Callable[[str], str], tmp_path: Path) -> None:
    declare(cells, tmp_path, va=heart_disease()["va"].slice(0, 0))
    shown = cells("%%wayang --sites hospitals --wait" + FIT.format(rounds=2))
    assert "Va is left out: its table has no rows" in shown, shown
    assert "hungary" in shown
    assert_clean(shown)


def test_a_site_with_one_class_trains_and_its_auc_is_null(cells: Callable[[str], str], tmp_path: Path) -> None:
    table = heart_disease()["switzerland"]
    ill = table.filter(pc.greater(table["num"], 0))
    declare(cells, tmp_path, switzerland=ill)
    cells("%%wayang out << --sites hospitals --wait --as pandas" + FIT.format(rounds=2))
    frame = cells.shell.user_ns["out"].set_index("site")  # type: ignore[attr-defined]
    assert frame.loc["switzerland", "rows"] == 23
    assert frame["auc"].isna()["switzerland"]
    assert "no row of class 0" in frame.loc["switzerland", "note"]
    assert not frame["auc"].isna()["global"]


def test_rows_of_a_federated_table_are_refused_before_anything_runs(
    cells: Callable[[str], str], tmp_path: Path
) -> None:
    declare(cells, tmp_path)
    shown = cells('%%wayang --sites hospitals\nold = read("patients").filter(age > 70)\nold')
    assert "DisclosureError: the rows of old may not leave the sites." in shown, shown
    for part in ("would disclose", "allowed", "No site was asked"):
        assert part in shown
    assert_clean(shown)
    assert cells("%wayang runs").strip().endswith("no runs yet")


def test_a_site_without_a_policy_answers_nothing(cells: Callable[[str], str], tmp_path: Path) -> None:
    declare(cells, tmp_path)
    (tmp_path / "policy.toml").unlink()
    declare_without = {"va": {"tables": {"patients": {"path": "va.parquet"}}, "platforms": ["pandas", "numpy"]}}
    cells.session.federation("bare", declare_without)  # type: ignore[attr-defined]
    shown = cells('%%wayang --sites bare\nread("patients").agg(n=count())')
    assert "Va has no policy file, so it answers nothing" in shown, shown
    assert_clean(shown)


def test_a_stop_in_mid_round_is_noted_at_once_and_keeps_the_model(cells: Callable[[str], str], tmp_path: Path) -> None:
    declare(cells, tmp_path)
    cells("%%wayang out << --sites hospitals" + FIT.format(rounds=10_000))
    run = cells.shell.user_ns["out"]  # type: ignore[attr-defined]
    for event in run.follow():
        if type(event).__name__ == "RoundFinished" and event.round == 2:
            break
    asked = run.events()[-1].at_s
    cells(f"%wayang stop {run.id}")
    result = run.wait()
    noted = next(event for event in run.events() if type(event).__name__ == "StopRequested")
    last = run.events()[-1]
    assert noted.at_s - asked < 1.0
    assert result.state == last.state == "stopped"
    assert 2 <= last.rounds < 10_000
    assert len(result.model.parameters) == 2
    assert "2 rows" in cells('%%wayang\nread("visits.csv").filter(age > 18)')


def test_a_run_is_paused_and_goes_on_by_its_id(cells: Callable[[str], str], tmp_path: Path) -> None:
    declare(cells, tmp_path)
    cells("%%wayang out << --sites hospitals" + FIT.format(rounds=10_000))
    run = cells.shell.user_ns["out"]  # type: ignore[attr-defined]
    for event in run.follow():
        if type(event).__name__ == "RoundFinished" and event.round == 2:
            break
    assert f"run {run.id} waits at its next step" in cells(f"%wayang pause {run.id}")
    assert run.state == "paused"
    cells(f"%wayang pause {run.id}")
    held = run.events()[-1].seq
    # A step that had begun when the pause came is finished; then nothing comes.
    while run.news(held, 0.5):
        held = run.events()[-1].seq
    assert not run.over
    assert run.awaited != ()
    assert f"run {run.id} goes on" in cells(f"%wayang resume {run.id}")
    assert run.news(held + 1, 10)
    assert "is running, not paused" in cells(f"%wayang resume {run.id}")
    cells(f"%wayang pause {run.id}")
    run.stop()
    assert run.wait().state == "stopped"
    assert run.awaited == ()
    assert "is stopped: there is nothing to pause" in cells(f"%wayang pause {run.id}")
    tags = [type(event).__name__ for event in run.events()]
    assert [tag for tag in tags if tag in {"Paused", "Resumed", "StopRequested"}] == [
        "Paused",
        "Resumed",
        "Paused",
        "StopRequested",
    ]


def test_a_run_that_was_stopped_goes_on_by_its_id_to_what_it_would_have_come_to(
    cells: Callable[[str], str], tmp_path: Path
) -> None:
    declare(cells, tmp_path)
    cells("%%wayang whole << --sites hospitals --wait" + FIT.format(rounds=60))
    cells("%%wayang out << --sites hospitals" + FIT.format(rounds=60))
    whole, run = (cells.shell.user_ns[name] for name in ("whole", "out"))  # type: ignore[attr-defined]
    for event in run.follow():
        if type(event).__name__ == "RoundFinished" and event.round == 2:
            break
    run.stop()
    assert run.wait().state == "stopped"
    assert "global" in cells(f"%wayang resume {run.id}")
    again = cells.session.attach(cells.session.kernel.runs()[0].run)  # type: ignore[attr-defined]
    assert again.events()[0].resumes == run.id
    assert again.metrics().equals(whole.run.metrics())
    assert again.wait().to_arrow().equals(whole.to_arrow())
    assert "nothing of it is left to do" in cells(f"%wayang resume {again.id}")
    assert "there is no run nope" in cells("%wayang resume nope")
