from __future__ import annotations

import subprocess
import sys

ENGINES = ("IPython", "duckdb", "networkx", "pandas", "polars", "pyarrow", "pyspark", "sklearn")


def loaded_after(statement: str) -> set[str]:
    program = f"{statement}\nimport sys\nprint(*[name for name in {ENGINES!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(result.stdout.split())


def test_importing_the_package_loads_no_engine():
    assert loaded_after("import jupyter_wayang") == set()


def test_importing_example_data_loads_no_engine():
    assert loaded_after("import jupyter_wayang.datasets") == set()


def test_looking_for_java_loads_no_engine():
    assert loaded_after("import jupyter_wayang.platforms.spark.java") == set()


def test_the_check_sees_an_engine():
    assert "networkx" in loaded_after("import networkx")
