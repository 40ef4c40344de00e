"""What is DuckDB's own: database files, what it holds, errors with the culprit named, threads."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from jupyter_wayang.errors import DataError, OperatorError, PlatformError, RunStoppedError, WayangError
from jupyter_wayang.plan.expressions import Aggregate, Binary, Cast, ColumnRef, Literal, Named
from jupyter_wayang.plan.operators import Filter, GroupBy, Join, ReadFile, ReadFrame, ReadTable, Select, Split
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.duckdb import PLATFORM
from jupyter_wayang.platforms.duckdb.engine import DuckDBEngine
from jupyter_wayang.platforms.duckdb.statistics import describe_table, row_count
from jupyter_wayang.platforms.platform import ARROW, Platform

A = ColumnRef(name="a")
SCHEMA = Schema.of(a="int64", t="string")


@pytest.fixture
def engine(tmp_path):
    made = PLATFORM.open(tmp_path / "work")
    yield made
    made.close()


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "it's [1].duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE patients AS SELECT i::INTEGER AS a, 'n' || i AS t, 1.5::FLOAT AS f, 2.25::DECIMAL(5, 2) AS d, "
            "'NaN'::DOUBLE AS x, 'low'::ENUM('low', 'high') AS e, TIMESTAMPTZ '2024-01-31 12:00:00+02' AS z FROM range(5) r(i)"
        )
        connection.execute("CREATE SCHEMA other; CREATE TABLE other.visits AS SELECT 1 AS n")
        connection.execute("CREATE TABLE lists AS SELECT {'a': 1} AS l")
    return str(path)


def frame(engine, table, schema):
    (made,) = engine.apply(ReadFrame(key="k", label="rows", schema=schema), (), (), {"k": table}, "")
    return made


def run(engine, operator, *inputs):
    (made,) = engine.apply(operator, inputs, tuple(each.schema for each in inputs), {}, "")
    return made


def rows(engine, relation):
    return engine.convert(relation, "duckdb.relation", ARROW, relation.schema).to_pylist()


def numbers(engine, *values):
    return frame(engine, pa.table({"a": list(values), "t": [str(v) for v in values]}, arrow_schema(SCHEMA)), SCHEMA)


def test_the_declaration_loads_no_engine():
    code = (
        "import sys; from jupyter_wayang.platforms.duckdb import PLATFORM; PLATFORM.missing()\n"
        "print({'duckdb', 'pyarrow', 'numpy', 'pandas', 'sqlglot'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    assert isinstance(PLATFORM, Platform)
    assert set(PLATFORM.costs.operators) == PLATFORM.operators
    assert set(PLATFORM.costs.conversions) == {f"{step.source}>{step.target}" for step in PLATFORM.conversions}


def test_a_table_comes_in_the_types_of_the_plan(engine, database):
    schema, count = describe_table(database, "patients")
    assert count == row_count(database, "patients") == 5
    assert [(column.name, column.type) for column in schema] == [
        ("a", "int64"), ("t", "string"), ("f", "float64"), ("d", "decimal(5, 2)"), ("x", "float64"), ("e", "string"), ("z", "timestamp"),
    ]  # fmt: skip
    relation = run(engine, ReadTable(database=database, table="patients", schema=schema))
    found = engine.convert(relation, "duckdb.relation", ARROW, schema)
    assert found.schema == arrow_schema(schema)
    assert found.num_rows == 5
    first = found.to_pylist()[0]
    assert (first["a"], first["t"], first["f"], first["d"], first["x"], first["e"]) == (
        0,
        "n0",
        1.5,
        Decimal("2.25"),
        None,
        "low",
    )
    assert first["z"].isoformat() == "2024-01-31T10:00:00"


def test_a_database_is_attached_once_read_only_by_two_engines(engine, database, tmp_path):
    visits = ReadTable(database=database, table="other.visits", schema=Schema.of(n="int64"))
    patients = ReadTable(database=database, table="patients", schema=Schema.of(a="int64"))
    joined = run(engine, Join(on=(), how="cross"), run(engine, visits), run(engine, patients))
    assert engine.count(joined) == 5
    other = PLATFORM.open(tmp_path / "other")
    try:
        assert other.count(run(other, patients)) == 5
    finally:
        other.close()
    attached = engine._connection.execute(
        "SELECT readonly FROM duckdb_databases() WHERE database_name LIKE 'data%'"
    ).fetchall()
    assert attached == [(True,)]


def test_what_a_database_lacks_is_named(engine, database, tmp_path):
    with pytest.raises(DataError, match=r"has no table patient$") as caught:
        describe_table(database, "patient")
    assert "Did you mean patients?" in caught.value.hint
    with pytest.raises(DataError, match="gone"):
        describe_table(str(tmp_path / "gone.duckdb"), "t")
    with pytest.raises(OperatorError, match='"l"'):
        describe_table(database, "lists")
    with pytest.raises(DataError, match='no column "weight"'):
        run(engine, ReadTable(database=database, table="patients", schema=Schema.of(weight="float64")))
    with pytest.raises(DataError, match="cannot read the table nothing"):
        run(engine, ReadTable(database=database, table="nothing", schema=Schema.of(n="int64")))
    broken = tmp_path / "broken.duckdb"
    broken.write_text("this is no database, whatever its name says")
    for ask in (
        lambda: describe_table(str(broken), "t"),
        lambda: run(engine, ReadTable(database=str(broken), table="t", schema=SCHEMA)),
    ):
        with pytest.raises(DataError, match=r"cannot read broken\.duckdb"):
            ask()


def test_a_database_that_is_written_to_says_so(engine, database):
    with duckdb.connect(database), pytest.raises(DataError) as caught:
        run(engine, ReadTable(database=database, table="patients", schema=Schema.of(a="int64")))
    assert "open for writing" in caught.value.message
    assert "close the connection" in caught.value.render()


def test_a_path_is_no_pattern(engine, tmp_path):
    (tmp_path / "a1.csv").write_text("n\n1\n")
    odd = tmp_path / "a[1]*?'.csv"
    odd.write_text("n\n2\n")
    read = run(engine, ReadFile(path=str(odd), format="csv", schema=Schema.of(n="int64")))
    assert rows(engine, read) == [{"n": 2}]


def test_names_that_differ_in_case_are_read_from_every_format(engine, tmp_path):
    import pyarrow.parquet as pq

    table = pa.table({"n": [1], "N": [2], "x": [0.5]})
    pq.write_table(table, tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("n,N,x\n1,2,0.5\n")
    (tmp_path / "t.jsonl").write_text('{"n": 1, "N": 2, "x": 0.5}\n')
    schema = Schema.of(N="int64", n="int64", x="float64")
    for format_ in ("csv", "parquet", "jsonl"):
        read = run(engine, ReadFile(path=str(tmp_path / f"t.{format_}"), format=format_, schema=schema))
        narrowed = run(engine, Filter(condition=Binary(op=">", left=ColumnRef(name="N"), right=Literal.of(1))), read)
        assert rows(engine, narrowed) == [{"N": 2, "n": 1, "x": 0.5}]


def test_an_error_names_the_operator_and_the_column_that_failed(engine):
    top = numbers(engine, 2**63 - 1, 1)
    fine = run(engine, Filter(condition=Binary(op=">", left=A, right=Literal.of(0))), top)
    plus = Named(name="plus", expression=Binary(op="+", left=A, right=Literal.of(1)))
    minus = Named(name="minus", expression=Binary(op="-", left=A, right=Literal.of(1)))
    wrong = run(engine, Select(columns=(minus, plus)), fine)
    total = run(
        engine,
        GroupBy(aggregates=(Named(name="n", expression=Aggregate(function="count", arg=ColumnRef(name="plus"))),)),
        wrong,
    )
    with pytest.raises(PlatformError) as caught:
        rows(engine, total)
    assert (
        caught.value.message == "select() failed on duckdb: a result does not fit into a 64-bit integer in plus=a + 1"
    )
    sums = GroupBy(
        keys=(Named(name="t", expression=Cast(arg=A, to="bool")),),
        aggregates=tuple(Named(name=f, expression=Aggregate(function=f, arg=A)) for f in ("max", "sum")),
    )
    with pytest.raises(PlatformError, match=r"group_by\(\) failed .* in sum=sum\(a\)"):
        rows(engine, run(engine, sums, top))
    cast = Filter(condition=Binary(op=">", left=Cast(arg=ColumnRef(name="t"), to="int64"), right=Literal.of(0)))
    words = frame(engine, pa.table({"a": [1], "t": ["secret"]}, arrow_schema(SCHEMA)), SCHEMA)
    with pytest.raises(PlatformError, match=r"filter\(\) failed .* cannot be read as the type") as caught:
        engine.count(run(engine, cast, words))
    assert "secret" not in caught.value.message


def test_a_bad_value_in_a_file_names_the_file_however_late_it_is_met(engine, tmp_path):
    (tmp_path / "n.csv").write_text("a,t\n1,x\n2.5,y\n")
    read = run(engine, ReadFile(path=str(tmp_path / "n.csv"), format="csv", schema=SCHEMA))
    with pytest.raises(DataError, match=r"n\.csv cannot be read as CSV"):
        engine.keep(run(engine, Filter(condition=Binary(op=">", left=A, right=Literal.of(0))), read))


def test_what_is_kept_is_computed_once_and_dropped_when_nobody_reads_it(engine):
    def held():
        engine._sweep()
        tables = engine._connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
        views = engine._connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        return len(tables), len(views)

    relation = run(engine, Filter(condition=Binary(op=">", left=A, right=Literal.of(1))), numbers(engine, 1, 2, 3))
    kept = engine.keep(relation)
    assert engine.keep(kept) is kept
    assert held() == (1, 1)
    more = run(engine, Filter(condition=Binary(op=">", left=A, right=Literal.of(2))), kept)
    del relation, kept
    gc.collect()
    assert held() == (1, 0)
    assert [row["a"] for row in rows(engine, more)] == [3]
    del more
    gc.collect()
    assert held() == (0, 0)


def test_several_threads_use_one_engine(engine):
    kept = engine.keep(numbers(engine, *range(1000)))
    found, failed = [], []

    def count(limit):
        try:
            smaller = run(engine, Filter(condition=Binary(op="<", left=A, right=Literal.of(limit))), kept)
            found.append((limit, engine.count(engine.keep(smaller)), len(rows(engine, smaller))))
        except WayangError as error:
            failed.append(error)

    threads = [threading.Thread(target=count, args=(limit,)) for limit in range(1, 41)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sorted(found) == [(limit, limit, limit) for limit in range(1, 41)]


def test_an_interrupt_ends_in_an_error_of_ours(engine):
    many = numbers(engine, *range(3000))
    crossed = run(engine, Join(on=(), how="cross", suffix="_2"), many, many)
    for number in (3, 4):
        crossed = run(engine, Join(on=(), how="cross", suffix=f"_{number}"), crossed, many)
    total = GroupBy(aggregates=(Named(name="s", expression=Aggregate(function="max", arg=ColumnRef(name="a_4"))),))
    done = threading.Event()
    stopper = threading.Thread(target=lambda: [engine.interrupt() for _ in iter(lambda: done.wait(0.02), True)])
    stopper.start()
    try:
        with pytest.raises(RunStoppedError):
            rows(engine, run(engine, total, crossed))
    finally:
        done.set()
        stopper.join()
    assert engine.count(many) == 3000


def test_python_variables_and_downloads_are_out_of_reach(engine):
    hidden = pa.table({"a": [1]})
    assert hidden.num_rows == 1
    with pytest.raises(duckdb.CatalogException):
        engine._connection.execute("SELECT * FROM hidden")
    settings = engine._connection.execute(
        "SELECT current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions')"
    ).fetchall()
    assert settings == [(False, False)]


def test_rows_that_were_not_handed_over_are_named(engine):
    with pytest.raises(PlatformError, match="the rows of df were not handed"):
        engine.apply(ReadFrame(key="k", label="df", schema=SCHEMA), (), (), {}, "")


def test_the_code_to_show(database):
    condition = Binary(op=">=", left=A, right=Literal.of(18))
    assert PLATFORM.code(Filter(condition=condition), (("visits", SCHEMA),)) == (
        'SELECT\n  *\nFROM "visits"\nWHERE\n  "a" >= 18'
    )
    read = ReadFile(path="/data/visits.csv", format="csv", schema=Schema.of(t="string"), nulls=("?",))
    assert "READ_CSV(\n  '/data/visits.csv'" in str(PLATFORM.code(read, ()))
    assert '"data"."other"."visits"' in str(
        PLATFORM.code(ReadTable(database=database, table="other.visits", schema=SCHEMA), ())
    )
    assert PLATFORM.code(Split(fraction=0.5), (("visits", SCHEMA),)) is None


def test_engines_keep_to_half_of_the_memory(engine):
    assert isinstance(engine, DuckDBEngine)
    half = engine._connection.execute("SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'").fetchall()
    whole = duckdb.connect().execute("SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'").fetchall()
    units = {"MiB": 1.0, "GiB": 1024.0, "TiB": 1024.0**2}
    limits = [float(value.split()[0]) * units[value.split()[1]] for ((value,),) in (half, whole)]
    assert limits[0] == pytest.approx(limits[1] * 0.5 / 0.8, rel=0.05)
