"""What a person does with a fitted model: its parts as a table, its card, a file, an estimator of scikit-learn."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jupyter_wayang.errors import DataError
from jupyter_wayang.federation.exact.inference import coefficients
from jupyter_wayang.language.builder import FittedModel
from jupyter_wayang.language.desk import Desk
from jupyter_wayang.plan.logical import Vertex, VertexPort
from jupyter_wayang.plan.models import Model, NamedArray, array, named_array
from jupyter_wayang.plan.operators import Fitted

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Card", "load", "loaded", "parts", "save"]

_MODEL = "model.json"
_MOST_BYTES = 2**30


def parts(model: Model) -> pa.Table:
    """Return the coefficients of a linear model, what centres and components are made of, or how large a model is."""
    import pyarrow as pa

    if model.statistics:
        return coefficients(model)
    arrays = {named.name: array(named) for named in model.parameters}
    if "weights" in arrays:
        names = ["(intercept)", *model.features]
        values = [*arrays["intercept"].tolist(), *arrays["weights"].tolist()]
        return pa.table({"feature": names, "coefficient": values})
    for name, called in (("centres", "cluster"), ("components", "component")):
        if name in arrays:
            first = 0 if name == "centres" else 1
            numbers = pa.array(range(first, first + len(arrays[name])), pa.int64())
            return pa.table({called: numbers, **dict(zip(model.features, arrays[name].T, strict=True))})
    sizes = [array.size for array in arrays.values()]
    return pa.table({"array": list(arrays), "numbers": pa.array(sizes, pa.int64())})


@dataclass(frozen=True, repr=False)
class Card:
    """The card of a model, as text and in a notebook: what it is, what it was fitted on in counts, how, how good it is."""

    model: Model

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_text(self) -> str:
        """Return the card as text."""
        from jupyter_wayang.drawing.model_card import card_text

        return card_text(self.model, parts(self.model))

    def to_html(self) -> str:
        """Return the card as HTML."""
        from jupyter_wayang.drawing.model_card import card_html

        return card_html(self.model, parts(self.model))


class _Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: Model
    version: int = 1


def _decoded(data: bytes) -> Model:
    stored = msgspec.json.decode(data, type=_Stored)
    if stored.version != 1:
        raise ValueError(f"it has version {stored.version}, and this program reads version 1")
    return stored.model


def save(model: Model, where: Path) -> None:
    """Write a model into a ZIP file: ``model.json``, and each array as a ``.npy``.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    import numpy as np

    bare = msgspec.structs.replace(model, parameters=(), statistics=())
    unfinished = where.with_name(f".{where.name}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(_MODEL, msgspec.json.encode(_Stored(model=bare)))
            for folder in ("parameters", "statistics"):
                for named in getattr(model, folder):
                    held = io.BytesIO()
                    np.save(held, array(named), allow_pickle=False)
                    file.writestr(f"{folder}/{named.name}.npy", held.getvalue())
        unfinished.replace(where)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise DataError(f"the model cannot be written to {where}: {error.strerror or error}") from error


def load(where: Path) -> Model:
    """Read a model that :func:`save` wrote; nothing in the file is run.

    Raises
    ------
    DataError
        If there is no such file, or if it is no model.
    """
    try:
        with zipfile.ZipFile(where) as file:
            if sum(item.file_size for item in file.infolist()) > _MOST_BYTES:
                raise DataError(f"{where.name} is no model: it is larger than {_MOST_BYTES:,} bytes")
            model = _decoded(file.read(_MODEL))
            found = {folder: _arrays(file, folder) for folder in ("parameters", "statistics")}
            return msgspec.structs.replace(model, **found)
    except FileNotFoundError as error:
        raise DataError(f"there is no file {where}", found=str(where)) from error
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile, msgspec.MsgspecError) as error:
        raise DataError(f"{where.name} is no model that was saved: {error}") from error


def loaded(where: str | os.PathLike[str], desk: Desk) -> FittedModel:
    """Return a model of a file as one of a session, to be asked about rows; see :func:`load`."""
    path = Path(where)
    return FittedModel(VertexPort(Vertex(Fitted(model=load(path), label=path.stem), ())), desk)


def _arrays(file: zipfile.ZipFile, folder: str) -> tuple[NamedArray, ...]:
    import numpy as np

    found = []
    for name in file.namelist():
        if name.startswith(f"{folder}/"):
            values = np.load(io.BytesIO(file.read(name)), allow_pickle=False)
            found.append(named_array(name.removeprefix(f"{folder}/").removesuffix(".npy"), values))
    return tuple(found)
