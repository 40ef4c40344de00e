from __future__ import annotations

from types import SimpleNamespace

import pytest
from IPython.core.completer import IPCompleter, provisionalcompleter

from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.notebook.completion import complete, fragment, install

VISITS = '%%wayang\nvisits = read("visits.csv")\n'
PATIENTS = '%%wayang --sites hospitals\npatients = read("patients")\n'


class Table:
    """What a DataFrame looks like from outside."""

    columns = ("ward", "floor plan")

    def __arrow_c_stream__(self, requested_schema=None):
        pytest.fail("completion reads names, not rows")


def offered(desk, text, variables=None, **options):
    """Complete at the mark ``|``."""
    cursor = text.index("|")
    found = complete(text.replace("|", ""), cursor, Scope(variables or {}), desk, **options)
    return [item.text for item in found]


def types(desk, text):
    return dict(complete(text, len(text), Scope(), desk))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VISITS + "visits.fil|", ["filter"]),
        (VISITS + "visits.filter(age > 3).gr|", ["group_by"]),
        (VISITS + "visits.group_by(ward).|", ["agg"]),
        (VISITS + "train, test = visits.split(0.8)\ntrain.li|", ["limit"]),
        (VISITS + "visits.split(0.8).|", ["on"]),
        (VISITS + "by = (visits\n    .filter(age > 3)\n    .sel|", ["select", "selectivity"]),
        (VISITS + "for _ in repeat(3):\n    old = visits.filter(age > 3)\n    visits = old.lim|", ["limit"]),
        (
            PATIENTS + "m = patients.fit(logistic_regression(), target=num > 0)\nm.|",
            ["evaluate", "coefficients", "predict", "on"],
        ),
    ],
)
def test_operators_after_a_dot(desk, text, expected):
    assert offered(desk, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VISITS + "visits.filter(ag|", ["age"]),
        (VISITS + "visits.filter(age > 3 and (urgent or wa|", ["ward"]),
        (VISITS + "visits.filter(age > 3 and (urgent or wa|))\nvisits", ["ward"]),
        (VISITS + "visits.drop(|", ["id", "ward", "age", "bmi", "day", "urgent"]),
        (VISITS + "visits.select(age, ol=bm|", ["bmi"]),
        (VISITS + "visits.group_by(ward).agg(n=mean(|", ["id", "ward", "age", "bmi", "day", "urgent"]),
        (VISITS + 'visits.drop("wa|")', ["ward"]),
        (VISITS + "visits.filter(col.wa|", ["ward"]),
        (VISITS + 'visits.filter(col["wa|', ["ward"]),
        (VISITS + 'w = read("wards.csv")\nvisits.join(w, on=wa|', ["ward"]),
        (VISITS + "visits.with_columns(x=age).filter(x|", ["x"]),
        (PATIENTS + "patients.one_hot(rest|", ["restecg"]),
        (PATIENTS + "patients.fit(logistic_regression(), target=nu|", ["num"]),
    ],
)
def test_columns_of_the_collection_at_hand(desk, text, expected):
    assert offered(desk, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VISITS + 'visits.on("|', ["duckdb", "pandas", "polars", "spark"]),
        (VISITS + 'visits.on("du|")', ["duckdb"]),
        (PATIENTS + 'patients.filter(age > 3).on("spark", site="|', ["cleveland", "va"]),
        ("%%wayang --platforms pandas,du|", ["duckdb"]),
        ("%%wayang x --platforms |", ["duckdb", "pandas", "polars", "spark"]),
        ("%%wayang heart --pl|\nvisits", ["--platforms"]),
        ("%%wayang --as p|", ["pandas", "polars"]),
    ],
)
def test_platforms_and_options(desk, text, expected):
    assert offered(desk, text) == expected


def test_federations(desk):
    assert offered(desk, "%%wayang --sites |", federations=("hospitals",)) == ["hospitals"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PATIENTS + "patients.impute(me|", ["mean"]),
        (PATIENTS + "patients.fit(logi|", ["logistic_regression"]),
        (PATIENTS + "patients.fit(logistic_regression(l|", ["l2="]),
        (PATIENTS + "patients.fit(logistic_regression(), strategy=fed|", ["fedavg"]),
        (PATIENTS + "patients.fit(logistic_regression(), strategy=fedavg(lo|", ["local_epochs="]),
        (PATIENTS + "patients.fit(logistic_regression(), until=metric.a|", ["accuracy", "auc"]),
        (VISITS + 'visits.join(visits, how="se|', ["semi"]),
        (VISITS + "visits.sort(age, des|", ["descending="]),
        (VISITS + "visits.filter(starts|", ["starts_with"]),
        (VISITS + "visits.filter(age.is_n|", ["is_null", "is_not_null"]),
        (VISITS + "vi|", ["visits"]),
        (VISITS + "a = re|", ["read"]),
        (VISITS + "visits.filter(age > 3)  # so vi|", []),
        (VISITS + "read('vis|", []),
    ],
)
def test_other_words(desk, text, expected):
    assert offered(desk, text) == expected


def test_broken_lines_do_not_hide_what_follows(desk):
    assert offered(desk, VISITS + "old = visits.filter(age >\nyoung = visits.filter(ag|") == ["age"]
    assert offered(desk, VISITS + "old = visits.filter(age >\nyoung = vis|") == ["visits"]
    assert offered(desk, VISITS + "old = visits.filter(\nyoung = visits.limit(3)\nyoung.fil|") == ["filter"]
    assert offered(desk, VISITS + "x = nowhere.filter(3)\nvisits.filter(ag|") == ["age"]


def test_names_of_earlier_cells_and_tables_of_the_notebook(desk):
    scope = Scope({"wards": Table(), "_hidden": Table(), "threshold": 3})
    scope.keep(read_cell(VISITS, scope, desk).assigned)
    text = "%%wayang\nvisits.join(wa"
    assert complete(text, len(text), scope, desk) == [("wards", "table")]
    text = "%%wayang\nwards.filter("
    assert complete(text, len(text), scope, desk)[:2] == [("ward", "null"), ('col["floor plan"]', "null")]
    text = "%%wayang\nvisits.limit("
    assert ("threshold", "variable") in complete(text, len(text), scope, desk)


def test_completions_say_what_they_are(desk):
    assert types(desk, VISITS + "visits.filter(a") == {"age": "int64", "abs": "function", "add_months": "function"}
    assert types(desk, VISITS + "visits.agg(n=co") == {
        "count": "function",
        "contains": "function",
        "concat": "function",
        "coalesce": "function",
        "collect": "function",
        "corr": "function",
        "cos": "function",
        "cov": "function",
    }
    assert types(desk, VISITS + "visits.filter(age.o") == {"over": "operator"}


def test_completing_changes_no_scope(desk):
    scope = Scope()
    complete(VISITS + "visits.", len(VISITS + "visits."), scope, desk)
    assert scope.collections == {}


def test_the_part_that_is_replaced():
    assert fragment("%%wayang\nvisits.fil", 19) == "fil"
    assert fragment("%%wayang --platforms pandas,du", 30) == "du"
    assert fragment('%%wayang\nvisits.drop("odd na', 28) == "odd na"


@pytest.mark.parametrize(
    "text", [VISITS + 'é = visits.group_by(ward).agg(n=count(), "x").on("sp', "%%wayang\n(((((", "%%wayang"]
)
def test_every_position_of_any_text_is_answered(desk, text):
    for cursor in range(len(text) + 1):
        assert isinstance(complete(text, cursor, Scope(), desk), list)


def test_in_a_shell(desk):
    shell = SimpleNamespace(Completer=IPCompleter(shell=None, namespace={}, global_namespace={}))
    desk.scope, desk.federations = Scope(), {}
    install(shell, desk)
    install(shell, desk)
    assert [m.matcher_identifier for m in shell.Completer.custom_matchers] == ["jupyter_wayang"]
    text = VISITS + "visits.fil"
    with provisionalcompleter():
        found = [(item.text, item.start, item.end) for item in shell.Completer.completions(text, len(text))]
        elsewhere = [item.text for item in shell.Completer.completions("visits.fil", 10)]
    assert found == [("filter", len(text) - 3, len(text))]
    assert "filter" not in elsewhere
