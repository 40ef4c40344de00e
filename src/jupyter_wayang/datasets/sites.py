"""Four hospitals as four sites, each with its records in the form its own platform likes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.datasets.heart import heart_disease, raw_file
from jupyter_wayang.errors import PlatformError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["hospitals"]

_TITLES = {"cleveland": "Cleveland", "hungary": "Hungary", "switzerland": "Switzerland", "va": "VA Long Beach"}

_FEDERATION = """\
# Four hospitals: which tables each of them holds, how they are read, on which platforms, and what may leave.
# Paths are relative to this file. A fifth site is one line more:
# sites.porto = {{ platforms = ["polars"], policy = "policies/porto.toml", tables.patients = {{ path = "porto.parquet" }} }}
# (such a line stands above the first [section])

[federation]
name = "hospitals"

[sites.cleveland]
title = "Cleveland"
platforms = {cleveland}
policy = "policies/cleveland.toml"
tables.patients = {{ {patients}, table = "patients" }}

[sites.hungary]
title = "Hungary"
platforms = ["polars", "numpy"]
policy = "policies/hungary.toml"
tables.patients = {{ path = "hungary.parquet" }}

[sites.switzerland]
title = "Switzerland"
platforms = {switzerland}
policy = "policies/switzerland.toml"
tables.patients = {{ path = "switzerland.parquet" }}

[sites.va]
title = "VA Long Beach"
platforms = ["pandas", "sklearn"]
policy = "policies/va.toml"

[sites.va.tables.patients]
path = "va.csv"
header = false
names = [
    "age", "sex", "cp", "trestbps", "chol", "fbs", "restecg",
    "thalach", "exang", "oldpeak", "slope", "ca", "thal", "num",
]
nulls = ["?"]
"""

_POLICY = """\
# What {title} lets others ask. Without this file the site answers nothing.

# The tables that may be asked about at all.
tables = ["patients"]

# What may be done with them: count and average; learn the facts that prepare data (means, deviations, levels);
# train a model; measure a model. Rows never leave.
operators = ["aggregate", "learn", "fit", "evaluate"]

# No answer that is made from fewer rows than this.
minimum_rows = 10

# In a histogram or a grouped count, no cell smaller than this; smaller ones are merged.
minimum_cell = 3

# A level of a category (chest pain of type 4) that a model is trained on has at least so many patients. With 1, a
# patient who is alone in a level is told about; these records are public.
minimum_level = 1
"""

_WITH_JAVA, _WITHOUT_JAVA = '["spark", "numpy"]', '["spark", "pandas", "numpy"]'


_IN_DUCKDB = {"cleveland": '["duckdb", "numpy"]', "patients": 'database = "cleveland.duckdb"'}


def hospitals(folder: str | os.PathLike[str], *, java: bool = True, postgres: bool = False) -> Path:
    """Write the federation of the example: four hospitals, four formats, a policy for each, one declaration.

    Cleveland is a table in a DuckDB file, Hungary and Switzerland are Parquet, VA Long Beach is a CSV file without a
    header. What is there already stays: an edited file is never overwritten, and a second call writes nothing.

    Parameters
    ----------
    folder
        Where to write; made when missing.
    java
        Whether Spark can run here. Without it Switzerland's site may use pandas too, so that the same plan has
        somewhere to go.
    postgres
        Whether Cleveland's records move to a PostgreSQL server, which is started for it, with its data in ``folder``,
        and stops when the process ends; its connection is called cleveland. Where none can be had they stay in the
        DuckDB file, and a line says why.

    Returns
    -------
    pathlib.Path
        The declaration, ``hospitals.toml``.

    Raises
    ------
    PlatformError
        When DuckDB is not installed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     declaration = hospitals(folder)
    ...     sorted(path.name for path in declaration.parent.iterdir())
    ['cleveland.duckdb', 'hospitals.toml', 'hungary.parquet', 'policies', 'switzerland.parquet', 'va.csv']
    """
    folder = Path(folder).absolute()
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    _write_data(folder)
    for site, title in _TITLES.items():
        _write_text(folder / "policies" / f"{site}.toml", _POLICY.format(title=title))
    cleveland = (_in_postgres(folder) if postgres else None) or _IN_DUCKDB
    texts = [
        _FEDERATION.format(switzerland=platforms, **where)
        for where in (cleveland, _IN_DUCKDB)
        for platforms in ((_WITH_JAVA, _WITHOUT_JAVA) if java else (_WITHOUT_JAVA, _WITH_JAVA))
    ]
    return _write_text(folder / "hospitals.toml", texts[0], replaceable=[text for text in texts if text != texts[0]])


def _in_postgres(folder: Path) -> dict[str, str] | None:
    """Bring Cleveland's records to a server and return how they are declared; None where no server can be had."""
    from jupyter_wayang.datasets.postgres import address, stored

    try:
        where = address(folder / "postgres")
    except PlatformError as error:
        print(f"Cleveland's records stay in a DuckDB file: {error.message}")  # noqa: T201 - for who runs the demo
        return None
    stored(where, "patients", heart_disease()["cleveland"])
    # The declaration names the connection; where it leads to is this process's affair.
    os.environ["WAYANG_CONNECTION_CLEVELAND"] = where
    return {"cleveland": '["postgres", "numpy"]', "patients": 'connection = "cleveland"'}


def _write_data(folder: Path) -> None:
    writers: dict[str, Callable[[Path], None]] = {
        "cleveland.duckdb": lambda path: _write_duckdb(heart_disease()["cleveland"], path),
        "hungary.parquet": lambda path: _write_parquet(heart_disease()["hungary"], path),
        "switzerland.parquet": lambda path: _write_parquet(heart_disease()["switzerland"], path),
        "va.csv": lambda path: _write_csv("va", path),
    }
    for name, write in writers.items():
        if not (folder / name).exists():
            _atomically(folder / name, write)


def _atomically(path: Path, write: Callable[[Path], None]) -> None:
    # A file that is half written because somebody pressed Ctrl-C would be taken for an edited one the next time.
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
        write(Path(scratch) / path.name)
        (Path(scratch) / path.name).replace(path)


def _write_text(path: Path, text: str, *, replaceable: Sequence[str] = ()) -> Path:
    if not path.exists() or path.read_text(encoding="utf-8") in replaceable:
        _atomically(path, lambda scratch: _put(scratch, text))
    return path


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_csv(hospital: str, path: Path) -> None:
    path.write_bytes(raw_file(hospital).read_bytes())


def _write_parquet(table: pa.Table, path: Path) -> None:
    from pyarrow import parquet

    parquet.write_table(table, path)


def _write_duckdb(table: pa.Table, path: Path) -> None:
    try:
        import duckdb
    except ImportError as error:
        raise PlatformError(
            "Cleveland's records are written as a DuckDB file, and DuckDB is not installed",
            hint="pip install 'jupyter-wayang[duckdb]'",
        ) from error
    with duckdb.connect(str(path)) as connection:
        connection.register("records", table)
        connection.execute("CREATE TABLE patients AS SELECT * FROM records")
