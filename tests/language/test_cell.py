from __future__ import annotations

import msgspec
import pytest
from language.desk import Frame

from jupyter_wayang.errors import CellSyntaxError, OperatorError, WayangError
from jupyter_wayang.language import builder
from jupyter_wayang.language.builder import FittedModel
from jupyter_wayang.language.cell import read_cell, read_value
from jupyter_wayang.language.expressions import col, where
from jupyter_wayang.language.functions import count, mean
from jupyter_wayang.language.learners import fedavg, logistic_regression, metric
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.operators import Fit, Impute, OneHot, ReadFederated, Scale

HEART = """\
%%wayang heart --sites hospitals
patients    = read("patients")                                        # the table of every site
train, test = patients.split(0.8, seed=7, by=[num > 0])
ready       = train.impute(mean).scale().one_hot(cp, restecg)
model       = ready.fit(logistic_regression(l2=1e-3), target=num > 0, rounds=30,
                        strategy=fedavg(local_epochs=5, learning_rate=0.5), until=metric.log_loss < 0.40)
model.evaluate(test)
"""
WARDS = """\
visits  = read("visits.csv")
adults  = visits.filter(age >= 18 and ward == "NL")
by_ward = adults.group_by(ward).agg(n=count(), bmi=mean(bmi)).sort(n, descending=True)
by_ward
"""


def outline(plan):
    """A plan as lines: id ← inputs: text (names) @ pins."""
    lines = []
    for node in plan.nodes:
        inputs = ", ".join(f"{port.node}.{port.port}" if port.port else port.node for port in node.inputs)
        names = ", ".join(name for name in node.names if name)
        pins = "".join(f" @{pin.platform}" + (f" at {pin.site}" if pin.site else "") for pin in node.hints.pins)
        line = node.id + (f" ← {inputs}" if inputs else "") + f": {node.operator.describe()}"
        lines.append(line + (f" ({names})" if names else "") + pins)
    return "\n".join(lines)


def planned(desk, text, variables=None, federation=None):
    cell = read_cell(text, Scope(variables or {}), desk, federation=federation)
    return LogicalPlan.of(cell.ports, cell.names)


def bare(plan):
    """A plan without places and names, which only a cell gives."""
    nodes = tuple(msgspec.structs.replace(node, span=None, names=()) for node in plan.nodes)
    return msgspec.structs.replace(plan, nodes=nodes)


def test_the_federated_cell(desk):
    assert outline(planned(desk, HEART, federation="hospitals")) == (
        "read: patients at 2 sites (patients)\n"
        "split ← read: 0.8 by num > 0 (train, test)\n"
        "impute ← split: mean of 8 columns\n"
        "scale ← impute: 8 columns\n"
        "one_hot ← scale: cp, restecg (ready)\n"
        "fit ← one_hot: logistic regression of num > 0, fedavg × 30 (model)\n"
        "evaluate ← fit, split.1: 20 score bins"
    )


def test_steps_leave_target_and_one_hot_columns_alone(desk):
    operators = [node.operator for node in planned(desk, HEART, federation="hospitals").nodes]
    numbers = ("age", "sex", "trestbps", "chol", "fbs", "thalach", "exang", "oldpeak")
    assert operators[2:5] == [Impute(columns=numbers), Scale(columns=numbers), OneHot(columns=("cp", "restecg"))]
    fit = operators[5]
    assert isinstance(fit, Fit)
    assert fit.features is None
    assert fit.options.arguments == (("local_epochs", 5), ("learning_rate", 0.5), ("weights", "rows"))
    assert fit.options.until == (metric.log_loss < 0.4)


def test_the_cell_of_one_machine(desk):
    assert outline(planned(desk, WARDS)) == (
        "read: visits.csv (visits)\n"
        'filter ← read: age >= 18 and ward == "NL" (adults)\n'
        "group_by ← filter: ward: n=count(), bmi=mean(bmi)\n"
        "sort ← group_by: n ↓ (by_ward)"
    )


def test_places_are_characters_of_the_cell(desk):
    cell = read_cell(HEART, Scope(), desk, federation="hospitals")
    lines = HEART.split("\n")
    spans = {node.id: node.span for node in LogicalPlan.of(cell.ports).nodes}
    marked = {
        id_: lines[s.line - 1][s.column : s.end_column if s.end_line == s.line else None] for id_, s in spans.items()
    }
    assert marked["read"] == 'read("patients")'
    assert marked["split"] == "split(0.8, seed=7, by=[num > 0])"
    assert marked["impute"] == "impute(mean)"
    assert marked["one_hot"] == "one_hot(cp, restecg)"
    assert marked["fit"].startswith("fit(logistic_regression")
    assert spans["fit"].end_line == 6
    accents = 'é = read("visits.csv").filter(ward == "é").limit(3)\né'
    limit = LogicalPlan.of(read_cell(accents, Scope(), desk).ports)["limit"]
    assert accents[limit.span.column : limit.span.end_column] == "limit(3)"
    grouped = LogicalPlan.of(read_cell(WARDS, Scope(), desk).ports)["group_by"]
    assert (grouped.span.line, grouped.span.column) == (3, WARDS.split("\n")[2].index("group_by"))


# One task in two ways: (cell, Python).
TWICE = {
    "filter": (
        "v.filter(18 <= age < 65 and urgent)",
        lambda v, _: v.filter((col.age >= 18) & (col.age < 65) & col.urgent),
    ),
    "select": ("v.select(age, ward, old=age > 60)", lambda v, _: v.select("age", col.ward, old=col.age > 60)),
    "with_columns": ("v.with_columns(x=1 if age > 3 else 0)", lambda v, _: v.with_columns(x=where(col.age > 3, 1, 0))),
    "odd names": (
        'v.with_columns(**{"from": age, "a b": 1}).filter(col["a b"] > col["from"])',
        lambda v, _: v.with_columns(**{"from": col.age, "a b": 1}).filter(col["a b"] > col["from"]),
    ),
    "drop": ('v.drop(age, "ward")', lambda v, _: v.drop("age", col.ward)),
    "rename": ('v.rename(age="years")', lambda v, _: v.rename(age="years")),
    "group_by": (
        "v.group_by(ward, decade=age // 10).agg(n=count(), bmi=mean(bmi))",
        lambda v, _: v.group_by("ward", decade=col.age // 10).agg(n=count(), bmi=mean(col.bmi)),
    ),
    "agg": ("v.agg(n=count(bmi))", lambda v, _: v.agg(n=count(col.bmi))),
    "count": ("v.count()", lambda v, _: v.count()),
    "join": ('v.join(w, on=ward, how="left")', lambda v, w: v.join(w, on="ward", how="left")),
    "join of pairs": (
        "v.join(w, on=[ward, (age, floor)], suffix='_w')",
        lambda v, w: v.join(w, on=["ward", (col.age, col.floor)], suffix="_w"),
    ),
    "join on one pair": ("v.join(w, on=(age, floor))", lambda v, w: v.join(w, on=("age", "floor"))),
    "cross join": ('v.join(w, how="cross")', lambda v, w: v.join(w, how="cross")),
    "sort": (
        "v.sort(ward, age + 1, descending=[True, False])",
        lambda v, _: v.sort("ward", col.age + 1, descending=[True, False]),
    ),
    "describe": ("v.describe()", lambda v, _: v.describe()),
    "histogram": ("v.histogram(age, bins=5, by=ward)", lambda v, _: v.histogram("age", 5, by="ward")),
    "cuts": ("v.histogram(age, bins=[18, 65])", lambda v, _: v.histogram(col.age, bins=[18, 65])),
    "crosstab": ("v.crosstab(ward, urgent)", lambda v, _: v.crosstab("ward", col.urgent)),
    "kaplan_meier": (
        "v.kaplan_meier(age, bmi > 30, by=[ward], every=5)",
        lambda v, _: v.kaplan_meier("age", col.bmi > 30, by=["ward"], every=5),
    ),
    "limit": ("v.limit(10)", lambda v, _: v.limit(10)),
    "split": ("v.split(0.8, 7, by=ward)", lambda v, _: v.split(0.8, seed=7, by="ward")),
    "pinned split": ('v.split(0.8).on("polars")', lambda v, _: v.split(0.8).on("polars")),
    "on": ('v.filter(age > 3).on("duckdb")', lambda v, _: v.filter(col.age > 3).on("duckdb")),
    "pinned source": ('v.on("duckdb").on("polars")', lambda v, _: v.on("polars")),
    "hints": (
        "v.filter(age > 3).selectivity(0.1).rows(7)",
        lambda v, _: v.filter(col.age > 3).selectivity(0.1).rows(7),
    ),
    "steps": ("v.impute(mean, age).scale()", lambda v, _: v.impute("mean", "age").scale()),
    "constant": ("v.impute(0).limit(3)", lambda v, _: v.impute(0).limit(3)),
    "pinned step": (
        'v.impute(mean).on("duckdb").scale(age).on("polars")',
        lambda v, _: v.impute(mean).on("duckdb").scale("age").on("polars"),
    ),
    "fit": (
        "v.drop(day).one_hot(ward).fit(logistic_regression(), target=urgent)",
        lambda v, _: v.drop("day").one_hot("ward").fit(logistic_regression(), target="urgent"),
    ),
    "fit in rounds": (
        "v.fit(logistic_regression(l2=1), urgent, [age, bmi], 5, fedavg(learning_rate=1), metric.auc >= 0.8)",
        lambda v, _: v.fit(
            logistic_regression(l2=1),
            target=col.urgent,
            features=["age", col.bmi],
            rounds=5,
            strategy=fedavg(learning_rate=1),
            until=metric.auc >= 0.8,
        ),
    ),
    "predict": (
        'v.fit(logistic_regression(), target=urgent, features=[age]).predict(v, name="p").filter(p > 0.5)',
        lambda v, _: v.fit(logistic_regression(), "urgent", features=["age"]).predict(v, "p").filter(col.p > 0.5),
    ),
    "evaluate": (
        'v.fit(logistic_regression(), target=urgent, features=[age]).on("sklearn").evaluate(v, bins=30)',
        lambda v, _: v.fit(logistic_regression(), "urgent", features=["age"]).on("sklearn").evaluate(v, bins=30),
    ),
}


@pytest.mark.parametrize("task", TWICE)
def test_a_cell_and_python_make_equal_plans(desk, task):
    desk.platforms = lambda: ("duckdb", "polars", "sklearn")
    cell, python = TWICE[task]
    made = planned(desk, f'v = read("visits.csv")\nw = read("wards.csv")\n{cell}')
    found = python(builder.read(desk, "visits.csv"), builder.read(desk, "wards.csv"))
    ports = tuple(part.port for part in found) if isinstance(found, tuple) else (found.port,)
    assert bare(made) == bare(LogicalPlan.of(ports))


def test_the_result_is_what_the_last_line_makes(desk):
    assert read_cell('v = read("visits.csv")', Scope(), desk).results == ()
    assert len(read_cell('read("visits.csv").split(0.5)', Scope(), desk).results) == 2
    (model,) = read_cell(
        'm = read("visits.csv").fit(logistic_regression(), target=urgent, features=[age])\nm', Scope(), desk
    ).results
    assert isinstance(model, FittedModel)
    cell = read_cell('read("visits.csv")\nv = read("wards.csv")', Scope(), desk)
    assert cell.results == ()
    assert list(cell.assigned) == ["v"]


def test_names_persist_and_places_do_not(desk):
    scope = Scope()
    scope.keep(read_cell(HEART, scope, desk, federation="hospitals").assigned)
    cell = read_cell("model.evaluate(patients)", scope, desk)
    plan = LogicalPlan.of(cell.ports, cell.names)
    assert [(node.id, node.names) for node in plan.nodes if any(node.names)] == [
        ("read", ("patients",)),
        ("split", ("train", "test")),
        ("one_hot", ("ready",)),
        ("fit", ("model",)),
    ]
    assert [node.id for node in plan.nodes if node.span is not None] == ["evaluate"]


def test_two_models_share_the_steps_of_one_name(desk):
    scope = Scope()
    scope.keep(read_cell(HEART, scope, desk, federation="hospitals").assigned)
    text = "again = ready.fit(logistic_regression(), target=num > 0)\nmodel.evaluate(test)\nagain.evaluate(test)"
    again = read_cell(text, scope, desk).results[0]
    both = LogicalPlan.of((again.port, scope.collections["model"].port))
    assert [node.id for node in both.nodes].count("impute") == 1
    assert "impute_2" not in [node.id for node in both.nodes]


def test_reading_a_cell_changes_no_scope(desk):
    scope = Scope()
    read_cell(WARDS, scope, desk)
    assert scope.collections == {}
    with pytest.raises(WayangError):
        read_cell('a = read("visits.csv")\na.fliter(age > 3)', scope, desk)
    assert scope.collections == {}


def test_a_name_may_be_given_again(desk):
    cell = read_cell('v = read("visits.csv")\nv = v.filter(age > 3)\na = b = v\nb', Scope(), desk)
    assert [node.operator.verb for node in LogicalPlan.of(cell.ports, cell.names).nodes] == ["read", "filter"]
    assert LogicalPlan.of(cell.ports, cell.names)["read"].names == (None,)


def test_a_column_hides_a_variable_and_env_shows_it(desk):
    scope = Scope({"age": 1, "least": 18, "wards": ["NL", "BE"], "n": 5, "unused": 3})
    text = 'v = read("visits.csv").filter(age > least and age > env.age and ward in wards).limit(n)\nv'
    cell = read_cell(text, scope, desk)
    plan = LogicalPlan.of(cell.ports)
    assert plan["filter"].operator.describe() == 'age > 18 and age > 1 and ward in ["NL", "BE"]'
    assert cell.captured == ("least", "age", "wards", "n")


def test_a_table_of_the_notebook_is_a_source_once(desk):
    scope = Scope({"w": Frame(), "names": ["ward", "floor"]})
    cell = read_cell("w.join(frame(w), on=ward).join(env.w, on=ward, how='semi').select(*names)", scope, desk)
    assert [node.id for node in LogicalPlan.of(cell.ports).nodes] == ["read", "join", "join_2", "select"]
    assert cell.captured == ("w", "names")


def test_a_collection_of_python_can_be_named(desk):
    scope = Scope(
        {"visits": builder.read(desk, "visits.csv"), "spec": logistic_regression(l2=1), "how": fedavg(learning_rate=1)}
    )
    cell = read_cell("visits.fit(spec, target=urgent, features=[age], rounds=2, strategy=how)", scope, desk)
    assert cell.captured == ("visits", "spec", "how")
    assert LogicalPlan.of(cell.ports)["fit"].operator.model.l2 == 1


def test_the_federation_of_the_line_is_looked_into_first(desk):
    read_cell('read("patients")', Scope(), desk, federation="hospitals")
    read_cell('read("visits.csv", nulls="?", names=["a"], types={"a": "int"}, header=False)', Scope(), desk)
    federated, file = desk.requests
    assert federated.federation == "hospitals"
    assert (file.nulls, file.names, file.types, file.header) == (("?",), ("a",), (("a", "int64"),), False)
    assert isinstance(
        LogicalPlan.of(read_cell('read("patients")', Scope(), desk, federation="h").ports)["read"].operator,
        ReadFederated,
    )


def test_a_pin_at_one_site(desk):
    text = 'read("patients").filter(age > 3).on("duckdb").on("spark", site="va").on("polars")'
    plan = planned(desk, text, federation="hospitals")
    assert outline(plan).endswith("filter ← read: age > 3 @spark at va @polars")
    assert plan["filter"].hints.pinned("va") == "spark"
    assert plan["filter"].hints.pinned("cleveland") == "polars"


def test_a_collection_without_a_name_column_is_read_by_its_text(desk):
    scope = Scope()
    scope.keep(read_cell('ﬁle = read("visits.csv")', scope, desk).assigned)
    assert list(scope.collections) == ["file"]


def test_reading_a_part_of_a_line(desk):
    scope = Scope()
    scope.keep(read_cell(WARDS, scope, desk).assigned)
    assert read_value("visits.group_by(ward)", scope, desk).keys[0].name == "ward"
    with pytest.raises(CellSyntaxError):
        read_value("visits = 3", scope, desk)


def test_ends_of_lines_that_only_python_or_only_others_know(desk):
    cell = read_cell('v = read("visits.csv")\r\nv.filter(ward == "a\u2028b\x0cc")', Scope(), desk)
    assert LogicalPlan.of(cell.ports)["filter"].operator.condition.right.value == "a\u2028b\x0cc"
    assert "\u2028" not in cell.source


def test_what_the_steps_are_learned_on_depends_on_the_target(desk):
    visits = builder.read(desk, "visits.csv").drop("day", "ward", "urgent")
    ready = visits.impute("mean")
    assert ready.port.vertex.operator.columns == ("id", "age", "bmi")
    fit = ready.fit(logistic_regression(), target=col.age > 40)
    assert fit.port.vertex.inputs[0].vertex.operator.columns == ("id", "bmi")
    assert ready.schema["age"].type == "float64"


def test_collections_of_two_sessions_do_not_meet(desk):
    other = builder.read(type(desk)(), "wards.csv")
    with pytest.raises(OperatorError, match="two sessions"):
        builder.read(desk, "visits.csv").join(other, on="ward")
