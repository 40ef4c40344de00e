"""What one does with a fitted model: coefficients, a card, a file, an estimator of scikit-learn."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm

import jupyter_wayang as wy
from jupyter_wayang.errors import DataError, OperatorError
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.session.models import load

COUNT = 200


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wy.Session]:
    made = wy.Session(tmp_path_factory.mktemp("fitted"))
    yield made
    made.close()


def numbers() -> dict[str, np.ndarray]:
    random = np.random.default_rng(4)
    a, b = random.normal(3, 2, COUNT), random.normal(size=COUNT)
    mean = np.exp(0.2 * a - 0.3 * b)
    return {"a": a, "b": b, "visits": random.poisson(mean) * 1.0, "days": random.gamma(3.0, mean / 3.0)}


def rows(session: wy.Session, target: str) -> wy.Collection:
    columns = numbers()
    return session.read(pa.table({name: columns[name] for name in ("a", "b", target)}))


def design() -> np.ndarray:
    columns = numbers()
    return sm.add_constant(np.column_stack([columns["a"], columns["b"]]))


@pytest.mark.parametrize(
    ("family", "target", "theirs"),
    [
        ("poisson", "visits", sm.families.Poisson()),
        ("gamma", "days", sm.families.Gamma(sm.families.links.Log())),
        ("gaussian", "days", sm.families.Gaussian()),
    ],
)
def test_coefficients_have_errors_and_p_values(
    session: wy.Session, family: str, target: str, theirs: sm.families.Family
) -> None:
    table = rows(session, target).fit(wy.glm(family), target=target).coefficients().run(wait=True).to_arrow()
    wanted = sm.GLM(numbers()[target], design(), family=theirs).fit(tol=1e-14, use_t=family != "poisson")
    assert table["feature"].to_pylist() == ["(intercept)", "a", "b"]
    assert table["coefficient"].to_numpy() == pytest.approx(wanted.params, rel=1e-8)
    assert table["standard_error"].to_numpy() == pytest.approx(wanted.bse, rel=1e-6)
    assert table["statistic"].to_numpy() == pytest.approx(wanted.tvalues, rel=1e-6)
    assert table["p_value"].to_numpy() == pytest.approx(wanted.pvalues, rel=1e-5, abs=1e-300)


def test_coefficients_are_rows_of_the_language(session: wy.Session) -> None:
    text = """
model = rows.scale().fit(glm("poisson"), target=visits)
model.coefficients().filter(p_value < 0.05).select(feature, coefficient).sort(feature)
"""
    (found,) = read_cell(text, Scope({"rows": rows(session, "visits")}), session).results
    assert [row["feature"] for row in found.run(wait=True).to_arrow().to_pylist()] == ["(intercept)", "a", "b"]


def test_a_penalty_leaves_no_standard_errors(session: wy.Session) -> None:
    model = rows(session, "days").fit(wy.linear_regression(l2=0.1), target="days")
    table = model.coefficients().run(wait=True).to_arrow()
    assert table["coefficient"].null_count == 0
    assert table["p_value"].null_count == 3
    with pytest.raises(OperatorError, match=r"kmeans\(\) has no coefficients"):
        rows(session, "days").fit(wy.kmeans(2)).coefficients()


def test_a_card_says_counts_and_how(session: wy.Session) -> None:
    result = rows(session, "days").impute().scale().fit(wy.glm("gamma"), target="days").run(wait=True)
    said = result.card().to_text()
    for part in ("glm(family='gamma')", "target", "a, b", "fitted on", "200 rows", "exact, from sums", "p_value"):
        assert part in said, part
    assert "<dt>fitted on</dt>" in result.card().to_html()
    assert repr(result.card()) == said


def test_a_card_of_a_measured_fit_has_its_metrics(session: wy.Session) -> None:
    ill = rows(session, "days").with_columns(ill=wy.col.days > 1).drop("days")
    model = ill.fit(wy.logistic_regression(l2=0.1), target="ill", rounds=2, strategy=wy.fedavg(learning_rate=0.5))
    said = model.run(wait=True).card().to_text()
    assert "fedavg(learning_rate=0.5, local_epochs=1" in said
    assert "2 rounds" in said


MODELS = [
    wy.linear_regression(),
    wy.linear_regression(l2=0.1),
    wy.glm("poisson"),
    wy.glm("gamma"),
    wy.glm("gaussian"),
    wy.mlp(hidden=(4,), epochs=5),
    wy.kmeans(3),
    wy.pca(2),
    wy.logistic_regression(l2=0.1),
    wy.glm("binomial"),
    wy.naive_bayes(),
]


@pytest.mark.parametrize("spec", MODELS, ids=str)
def test_an_estimator_and_a_file_say_what_the_model_says(session: wy.Session, tmp_path: Path, spec: object) -> None:
    ready = rows(session, "days").with_columns(ill=wy.col.days > 1)
    sorts = {"kmeans": None, "pca": None, "logistic_regression": "ill", "naive_bayes": "ill"}
    tag = spec.__struct_config__.tag  # type: ignore[attr-defined]
    target = "ill" if spec == wy.glm("binomial") else sorts.get(tag, "days")
    train = ready.select("a", "b", *([target] if target else []))
    model = train.fit(spec, target=target)
    result = model.run(wait=True)
    saved = result.save(tmp_path / "model.zip")
    asked = session.load_model(saved).predict(train, name="said")
    said = asked.run(wait=True).to_arrow().sort_by("a")
    names = [name for name in said.column_names if name.startswith("said")]
    X = np.column_stack([said["a"].to_numpy(), said["b"].to_numpy()])
    estimator = result.to_sklearn()
    assert list(estimator.feature_names_in_) == ["a", "b"]
    estimator.__dict__.pop("feature_names_in_")  # else it warns that X has no names
    if tag == "pca":
        theirs = estimator.transform(X)
    elif result.model.makes == "probability":
        theirs = estimator.predict_proba(X)[:, 1:]
    else:
        theirs = estimator.predict(X)[:, None]
    assert np.column_stack([said[name].to_numpy() for name in names]) == pytest.approx(theirs, rel=1e-7, abs=1e-12)


def test_a_file_holds_arrays_and_json_and_no_pickle(session: wy.Session, tmp_path: Path) -> None:
    model = rows(session, "days").scale().fit(wy.glm("gamma"), target="days")
    result = model.run(wait=True)
    path = result.save(tmp_path / "line.zip")
    with zipfile.ZipFile(path) as file:
        assert {name.rpartition(".")[2] for name in file.namelist()} == {"json", "npy"}
        assert json.loads(file.read("model.json"))["model"]["spec"] == {"tag": "glm", "family": "gamma"}
    assert load(path) == result.model
    again = session.load_model(path)
    assert repr(again) == "FittedModel line, fitted"
    assert again.coefficients().run(wait=True).to_arrow().equals(model.coefficients().run(wait=True).to_arrow())
    assert again.evaluate(rows(session, "days")).run(wait=True).to_arrow()["rows"].to_pylist() == [COUNT]


def test_what_is_no_model_is_refused(session: wy.Session, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        session.load_model(tmp_path / "nothing.zip")
    (tmp_path / "text.zip").write_text("hello")
    with pytest.raises(DataError, match=r"text\.zip is no model that was saved"):
        session.load_model(tmp_path / "text.zip")
    path = rows(session, "days").fit(wy.linear_regression(), target="days").run(wait=True).save(tmp_path / "m.zip")
    with zipfile.ZipFile(path) as file:
        held = {name: file.read(name) for name in file.namelist()}
    pickled = np.lib.format.magic(1, 0) + b"\x46\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(72)
    for name, data in (("parameters/weights.npy", pickled), ("model.json", b'{"model": {}}')):
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as file:
            for entry, content in {**held, name: data}.items():
                file.writestr(entry, content)
        with pytest.raises(DataError, match=r"bad\.zip is no model"):
            session.load_model(tmp_path / "bad.zip")


def test_trees_become_no_estimator(session: wy.Session) -> None:
    fitted = rows(session, "days").fit(wy.decision_tree(depth=2), target="days").run(wait=True)
    with pytest.raises(OperatorError, match=r"arrays of decision_tree\(\)"):
        fitted.to_sklearn()
