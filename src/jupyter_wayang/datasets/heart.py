"""The UCI Heart Disease records of four hospitals."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    import pyarrow as pa

__all__ = ["COLUMNS", "heart_disease", "raw_file"]

#: The names of the columns, in the order of the files, which have no header.
COLUMNS = (
    "age",
    "sex",
    "cp",
    "trestbps",
    "chol",
    "fbs",
    "restecg",
    "thalach",
    "exang",
    "oldpeak",
    "slope",
    "ca",
    "thal",
    "num",
)

_FILES = {
    "cleveland": "processed.cleveland.data",
    "hungary": "processed.hungarian.data",
    "switzerland": "processed.switzerland.data",
    "va": "processed.va.data",
}


def raw_file(hospital: str) -> Traversable:
    """Return the unchanged file of one hospital: commas, no header, ``?`` for a missing value.

    Parameters
    ----------
    hospital
        One of ``cleveland``, ``hungary``, ``switzerland``, ``va``.

    Returns
    -------
    Traversable
        The file inside the package, which need not be a file of the disk.

    Examples
    --------
    >>> raw_file("va").read_text().splitlines()[0]
    '63,1,4,140,260,0,1,112,1,3,2,?,?,2'
    """
    return files(__package__).joinpath("heart_disease", _FILES[hospital])


def heart_disease() -> dict[str, pa.Table]:
    """Return the UCI Heart Disease records, a table for each of the four hospitals.

    A cholesterol of 0 and a resting blood pressure of 0 mean missing; they are left as they are, so that the cell
    that uses them says what it does about it.

    Returns
    -------
    dict of str to pyarrow.Table
        ``cleveland`` (303 rows), ``hungary`` (294), ``switzerland`` (123) and ``va`` (200). All 14 columns are
        float64; null where the hospital did not record a value. ``num`` is the diagnosis, 0 for healthy.

    References
    ----------
    Janosi, A., Steinbrunn, W., Pfisterer, M., & Detrano, R. (1988). Heart Disease [Dataset]. UCI Machine Learning
    Repository. https://doi.org/10.24432/C52P4X (CC BY 4.0)

    Examples
    --------
    >>> {hospital: table.num_rows for hospital, table in heart_disease().items()}
    {'cleveland': 303, 'hungary': 294, 'switzerland': 123, 'va': 200}
    """
    return {hospital: _table(hospital) for hospital in _FILES}


def _table(hospital: str) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    with raw_file(hospital).open("rb") as file:
        return csv.read_csv(
            file,
            read_options=csv.ReadOptions(column_names=list(COLUMNS)),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(COLUMNS, pa.float64()),
                null_values=["?"],
            ),
        )
