from __future__ import annotations

import dataclasses
import math

import pytest
from language.desk import Frame

from jupyter_wayang.errors import ColumnError, ExpressionTypeError, OperatorError, WayangError
from jupyter_wayang.language import builder
from jupyter_wayang.language.expressions import col
from jupyter_wayang.language.functions import mean
from jupyter_wayang.language.learners import Strategy, fedavg, logistic_regression, metric, strategy
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.plan.logical import Vertex


@pytest.fixture
def visits(desk):
    return builder.read(desk, "visits.csv")


@pytest.fixture
def numbers(visits):
    return visits.drop("ward", "day")


def test_a_collection_shows_its_columns_without_running(visits, desk):
    assert repr(visits.filter(col.age > 3).select("age", "ward")) == (
        "Collection by select(age, ward), not run; columns:\n  age   int64\n  ward  string"
    )
    assert visits.columns == ("id", "ward", "age", "bmi", "day", "urgent")
    assert visits.schema["bmi"].type == "float64"
    assert desk.asked == []


def test_planning_and_running_are_the_session_s(visits, desk):
    assert len(visits.plan(name="a").nodes) == 1
    visits.run(["duckdb"], wait=False)
    assert desk.asked == [("plan", None, "a", ()), ("run", ["duckdb"], "", (), False)]


def test_collections_cannot_be_changed(visits):
    with pytest.raises(dataclasses.FrozenInstanceError):
        visits.made = None
    before = visits.made.vertex.hints
    visits.on("duckdb")
    assert visits.made.vertex.hints is before


def test_a_table_of_the_notebook(desk, visits):
    assert visits.join(Frame(), on="ward").columns[-2:] == ("floor", "bmi_right")
    assert builder.frame(desk, Frame(), "wards").port.vertex.operator.label == "wards"
    with pytest.raises(OperatorError, match="an int is no collection"):
        builder.frame(desk, 3)


def test_a_model_says_what_it_is(numbers):
    model = numbers.fit(logistic_regression(), target=col.urgent)
    assert repr(model) == "FittedModel by fit(logistic regression of urgent), not run"
    assert model.evaluate(numbers).columns == ("site", "rows", "auc", "log_loss", "accuracy", "note")
    assert model.predict(numbers, "p").columns[-1] == "p"


def test_a_strategy_by_name(numbers):
    assert strategy("fedavg", learning_rate=1) == fedavg(learning_rate=1) == Strategy("fedavg", (("learning_rate", 1),))


NOT_A_NUMBER = math.nan


def fit(collection, **options):
    return collection.fit(logistic_regression(), target=col.urgent, **options)


WRONG = {
    "unknown column": (lambda v, n: v.filter(col.agge > 3), ColumnError, "Did you mean age?"),
    "type error": (lambda v, n: v.filter(col.age > "x"), ExpressionTypeError, "> does not go between age"),
    "no condition": (lambda v, n: v.filter(col.age), ExpressionTypeError, "filter() needs a condition"),
    "function": (lambda v, n: v.map(3), OperatorError, "map() takes a function of the notebook, not an int"),
    "unnamed column": (lambda v, n: v.select(col.age + 1), OperatorError, "needs a name"),
    "nothing": (lambda v, n: v.with_columns(), OperatorError, "at least one column"),
    "no key": (lambda v, n: v.group_by(), OperatorError, "group_by() needs at least one column"),
    "unnamed aggregate": (lambda v, n: v.agg(mean(col.age)), OperatorError, "every column of agg() needs a name"),
    "unknown argument": (lambda v, n: v.sort("age", decending=True), OperatorError, "Did you mean descending?"),
    "descending": (lambda v, n: v.sort("age", descending=[True, False]), OperatorError, "a list of 1 of them"),
    "descending None": (lambda v, n: v.sort("age", descending=None), OperatorError, "takes True or False"),
    "descending of a column": (lambda v, n: v.sort("age", descending={"age": True}), OperatorError, "True or False"),
    "large limit": (lambda v, n: v.limit(2**70), OperatorError, "rows of limit() does not fit into a 64-bit integer"),
    "large seed": (lambda v, n: v.split(0.5, seed=2**70), OperatorError, "seed of split() does not fit"),
    "large hint": (lambda v, n: v.rows(2**70), OperatorError, "number of rows() does not fit"),
    "large part": (lambda v, n: v.selectivity(10**400), OperatorError, "is a number, not one so large"),
    "larger than can be written": (lambda v, n: v.split(10**5000), OperatorError, "is a number, not one so large"),
    "large constant": (lambda v, n: v.filter(col.age > 10**5000), ExpressionTypeError, "the number does not fit"),
    "large penalty": (lambda v, n: logistic_regression(l2=10**400), OperatorError, "l2= takes a number"),
    "endless penalty": (lambda v, n: logistic_regression(l2=float("inf")), OperatorError, "l2 must be a number of 0"),
    "large goal": (lambda v, n: metric.auc > 10**400, OperatorError, "metric.auc is compared with a number"),
    "goal that is no number": (
        lambda v, n: metric.auc > NOT_A_NUMBER,
        OperatorError,
        "compared with a number, not nan",
    ),
    "large impute": (lambda v, n: v.impute(10**400), OperatorError, "none that a column can hold"),
    "impute nan": (lambda v, n: v.impute(float("nan")), OperatorError, "none that a column can hold"),
    "half a character": (lambda v, n: v.rename(age="\ud800"), OperatorError, "a character that no text can hold"),
    "half a character in a constant": (lambda v, n: v.filter(col.ward == "\ud800"), ExpressionTypeError, "no text"),
    "join kind": (
        lambda v, n: v.join(n, on="id", how="lefft"),
        OperatorError,
        'no join "lefft". Did you mean left?',
    ),
    "join of a model": (lambda v, n: v.join(fit(n), on="id"), OperatorError, "this is a model"),
    "join of a number": (lambda v, n: v.join(3, on="id"), OperatorError, "an int is no collection"),
    "join key": (lambda v, n: v.join(n, on=[("id", "a", "b")]), OperatorError, "on= takes columns and pairs"),
    "limit": (lambda v, n: v.limit("3"), OperatorError, "rows of limit() is a whole number, not '3'"),
    "bool": (lambda v, n: v.limit(True), OperatorError, "whole number, not True"),
    "fraction": (lambda v, n: v.split(2), OperatorError, "fraction between 0 and 1"),
    "drop": (lambda v, n: v.drop(), OperatorError, "drop() needs at least one column"),
    "drop of an expression": (lambda v, n: v.drop(col.age + 1), OperatorError, "drop() takes columns"),
    "rename": (lambda v, n: v.rename(age=3), OperatorError, "age of rename() is text in quotes, not 3"),
    "platform": (lambda v, n: v.on("duckdbb"), WayangError, 'no platform "duckdbb". Did you mean duckdb?'),
    "site": (lambda v, n: v.on("duckdb", site="va"), OperatorError, "site= is for collections of a federation"),
    "selectivity": (lambda v, n: v.selectivity(3), OperatorError, "between 0 and 1"),
    "rows": (lambda v, n: v.rows(-1), OperatorError, "0 or more"),
    "impute text": (
        lambda v, n: v.impute(mean, "ward"),
        OperatorError,
        "impute() works on numbers, and ward is string",
    ),
    "impute how": (lambda v, n: v.impute(col.age), OperatorError, "impute() takes mean or a number first, not age"),
    "impute median": (lambda v, n: v.impute("median"), OperatorError, "impute(median) is not in this version"),
    "scale nothing": (lambda v, n: v.select("ward").scale(), OperatorError, "scale() finds no numeric column"),
    "one_hot": (lambda v, n: v.one_hot(), OperatorError, "one_hot() needs at least one column"),
    "text feature": (lambda v, n: fit(v.drop("day")), OperatorError, "the feature ward is text"),
    "date feature": (lambda v, n: fit(v.drop("ward")), OperatorError, "the feature day is a date"),
    "feature of the target": (lambda v, n: fit(n, features=["urgent"]), OperatorError, "is what the target reads"),
    "unknown feature before an encoding": (
        lambda v, n: fit(v.one_hot("ward"), features=["wrd", "age"]),
        ColumnError,
        "Did you mean ward?",
    ),
    "feature of text beside an encoding": (
        lambda v, n: fit(v.with_columns(w=col.ward).one_hot("ward"), features=["ward", "w"]),
        OperatorError,
        "the feature w is text",
    ),
    "feature twice": (lambda v, n: fit(n, features=["age", "age"]), OperatorError, "features= names age twice"),
    "feature with the name of the target": (
        lambda v, n: fit(n.rename(age="__target__")),
        OperatorError,
        "no feature can be called __target__",
    ),
    "unknown feature": (lambda v, n: fit(n, features=["agge"]), ColumnError, "Did you mean age?"),
    "features": (lambda v, n: fit(n, features=[3]), OperatorError, "features= takes a list of columns"),
    "target": (
        lambda v, n: v.drop("day").fit(logistic_regression(), target=col.ward),
        OperatorError,
        "the target ward is string",
    ),
    "unknown target": (lambda v, n: n.scale().fit(logistic_regression(), target=col.numm > 0), ColumnError, "numm"),
    "step on the target": (
        lambda v, n: n.scale("age").fit(logistic_regression(), target=col.age > 3),
        OperatorError,
        "scale() would change age, which the target reads",
    ),
    "operator after a step": (
        lambda v, n: fit(n.impute(mean).filter(col.age > 3)),
        OperatorError,
        "impute() must come directly before fit(), and filter() stands between them",
    ),
    "no model": (lambda v, n: n.fit("logistic", target=col.urgent), OperatorError, "fit() takes a model first"),
    "rounds without a strategy": (lambda v, n: fit(n, rounds=3), OperatorError, "rounds= needs a strategy"),
    "goal without a strategy": (lambda v, n: fit(n, until=metric.auc > 0.9), OperatorError, "until= needs a strategy"),
    "strategy without rounds": (lambda v, n: fit(n, strategy=fedavg(learning_rate=1)), OperatorError, "needs rounds="),
    "rounds": (
        lambda v, n: fit(n, strategy=fedavg(learning_rate=1), rounds=0.5),
        OperatorError,
        "whole number, not 0.5",
    ),
    "unknown strategy": (
        lambda v, n: fit(n, strategy=strategy("fedav"), rounds=3),
        WayangError,
        "Did you mean fedavg?",
    ),
    "no strategy": (lambda v, n: fit(n, strategy="fedavg", rounds=3), OperatorError, "takes a strategy, not 'fedavg'"),
    "strategy's large number": (
        lambda v, n: fit(n, strategy=fedavg(local_epochs=2**70, learning_rate=1), rounds=3),
        OperatorError,
        "local_epochs= of fedavg() does not fit",
    ),
    "strategy's argument": (
        lambda v, n: fit(n, strategy=fedavg(local_epoch=3), rounds=3),
        OperatorError,
        'fedavg() has no argument "local_epoch". Did you mean local_epochs?',
    ),
    "strategy's missing argument": (
        lambda v, n: fit(n, strategy=fedavg(), rounds=3),
        OperatorError,
        "needs learning_rate=",
    ),
    "strategy's text": (
        lambda v, n: fit(n, strategy=fedavg(local_epochs="3", learning_rate=1), rounds=3),
        OperatorError,
        "local_epochs= of fedavg() takes a number, not '3'",
    ),
    "no goal": (
        lambda v, n: fit(n, strategy=fedavg(learning_rate=1), rounds=3, until=0.4),
        OperatorError,
        "takes a goal",
    ),
    "metric": (lambda v, n: metric.logloss < 0.4, WayangError, 'no metric "logloss". Did you mean log_loss?'),
    "threshold": (lambda v, n: metric.auc > "high", OperatorError, "compared with a number"),
    "l2": (lambda v, n: logistic_regression(l2="much"), OperatorError, "l2= takes a number"),
    "model's argument": (lambda v, n: logistic_regression(l22=1), OperatorError, "Did you mean l2?"),
    "quorum": (lambda v, n: fit(n, quorum=3), OperatorError, "quorum= needs a strategy"),
    "prepared rows": (
        lambda v, n: fit(n.impute(mean)).evaluate(n.impute(mean)),
        OperatorError,
        "evaluate() takes raw rows, and these went through impute() already",
    ),
    "prepared and filtered rows": (
        lambda v, n: fit(n.scale()).predict(n.scale().limit(3)),
        OperatorError,
        "predict() takes raw rows",
    ),
    "rows without a feature": (lambda v, n: fit(n).predict(n.drop("bmi")), ColumnError, 'no column "bmi"'),
    "rows without the target": (lambda v, n: fit(n).evaluate(n.drop("urgent")), ColumnError, 'no column "urgent"'),
    "rows of another type": (
        lambda v, n: fit(n).predict(n.with_columns(bmi="x")),
        ExpressionTypeError,
        "the model was trained on bmi as float64, and here it is string",
    ),
    "name taken": (lambda v, n: fit(n).predict(n, "bmi"), OperatorError, '"bmi" would be there twice'),
    "bins": (lambda v, n: fit(n).evaluate(n, bins=1), OperatorError, "between 2 and 1,000 bins"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_have_messages(visits, numbers, mistake):
    ask, kind, message = WRONG[mistake]
    with pytest.raises(kind) as caught:
        ask(visits, numbers)
    assert message in caught.value.message


def test_rows_to_predict_need_no_target_and_may_have_more(numbers, visits):
    model = fit(numbers.impute(mean).scale())
    assert model.predict(visits.drop("urgent")).columns[-1] == "prediction"


@pytest.mark.parametrize(
    ("option", "value"),
    [("format", 3), ("header", "yes"), ("names", [1]), ("nulls", 3), ("types", ["int"]), ("delimiter", "")],
)
def test_options_of_read(desk, option, value):
    with pytest.raises(OperatorError, match=option):
        builder.read(desk, "visits.csv", **{option: value})
    with pytest.raises(OperatorError, match="in quotes, not 3"):
        builder.read(desk, 3)


def test_types_of_columns(desk):
    with pytest.raises(WayangError, match='no type "integer"'):
        builder.read(desk, "visits.csv", types={"age": "integer"})


def test_a_scope_keeps_shared_operators_shared(visits):
    scope = Scope()
    base = visits.filter(col.age > 3)
    scope.keep({"a": base, "b": base.limit(3)})
    kept = scope.collections
    assert kept["b"].made.vertex.inputs[0].vertex is kept["a"].made.vertex
    scope.keep({"c": kept["a"].limit(2)})
    assert scope.collections["c"].made.vertex.inputs[0].vertex is kept["a"].made.vertex
    scope.forget("a")
    assert list(scope.collections) == ["b", "c"]
    assert isinstance(kept["a"].made.vertex, Vertex)
