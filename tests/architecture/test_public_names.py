from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"


def says_nothing(path: Path) -> bool:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return all(isinstance(statement, ast.Expr) for statement in body)


def modules() -> list[str]:
    paths = sorted(SOURCE.rglob("*.py"))
    public = [path for path in paths if path.stem == "__init__" or not path.stem.startswith("_")]
    parts = [path.relative_to(SOURCE).with_suffix("").parts for path in public if not says_nothing(path)]
    return [".".join(part for part in names if part != "__init__") for names in parts]


@pytest.mark.parametrize("name", modules())
def test_every_public_module_says_what_is_public(name):
    module = importlib.import_module(name)
    declared = getattr(module, "__all__", None)
    assert declared is not None, f"{name} has no __all__"
    assert len(set(declared)) == len(declared), f"{name}.__all__ names something twice"
    missing = [entry for entry in declared if not hasattr(module, entry)]
    assert not missing, f"{name}.__all__ names what is not there"
