"""What is known of this machine's costs: the shipped coefficients, and over them what was measured here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, cast

import msgspec

from jupyter_wayang.errors import DataError
from jupyter_wayang.platforms.channel_costs import COSTS
from jupyter_wayang.platforms.machine import machine_class
from jupyter_wayang.platforms.platform import Coefficient, CostTable, Platform

__all__ = ["FILE", "VERSION", "KnownCosts", "MachineCosts", "costed"]

FILE = "costs.json"
VERSION = 1
_MEDIUM, _WIDTH = 10_000, 50  # rows, and bytes of one
_TELLING = 3  # so many measured coefficients say something of the others


class MachineCosts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one kind of machine was measured to cost.

    Parameters
    ----------
    at_s
        When, in seconds since 1970.
    start_up_s
        Of platforms by name.
    operators
        Coefficients by platform and tag.
    conversions
        Coefficients by platform and ``"a>b"``; under ``""`` those that need no engine.
    q_error
        The median factor between estimate and truth on stages that were held out.
    """

    at_s: float = 0.0
    start_up_s: dict[str, float] = {}
    operators: dict[str, dict[str, Coefficient]] = {}
    conversions: dict[str, dict[str, Coefficient]] = {}
    q_error: float | None = None

    def coefficients(self) -> dict[tuple[str | None, str], Coefficient]:
        """Return all coefficients by platform and tag, as :mod:`jupyter_wayang.optimizer.calibration` has them."""
        return {
            (platform or None, tag): coefficient
            for tables in (self.operators, self.conversions)
            for platform, table in tables.items()
            for tag, coefficient in table.items()
        }

    def over(self, before: MachineCosts | None) -> MachineCosts:
        """Return the same, with what was known before of platforms that were not measured now."""
        if before is None:
            return self
        return msgspec.structs.replace(
            self,
            start_up_s={**before.start_up_s, **self.start_up_s},
            operators={**before.operators, **self.operators},
            conversions={**before.conversions, **self.conversions},
        )

    def changed(self, costs: Mapping[tuple[str | None, str], Coefficient]) -> MachineCosts:
        """Return the same with other coefficients."""
        operators = {platform: dict(table) for platform, table in self.operators.items()}
        conversions = {platform: dict(table) for platform, table in self.conversions.items()}
        for (platform, tag), coefficient in costs.items():
            tables = conversions if ">" in tag else operators
            tables.setdefault(platform or "", {})[tag] = coefficient
        return msgspec.structs.replace(self, operators=operators, conversions=conversions)


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int = VERSION
    machines: dict[str, MachineCosts] = {}


class KnownCosts:
    """The costs of this machine, kept in a file that has those of other machines too.

    Parameters
    ----------
    folder
        The folder of the file (``.wayang``); None: nothing is known, and nothing can be kept.
    machine
        The kind of machine; None: this one.

    Raises
    ------
    DataError
        If the file is not one of this version.
    """

    def __init__(self, folder: Path | None = None, machine: str | None = None) -> None:
        self.machine = machine or machine_class()
        self._path = None if folder is None else folder / FILE
        self._file = _File() if self._path is None else _read(self._path)
        self._tables: dict[str, CostTable] = {}

    @property
    def measured(self) -> MachineCosts | None:
        """What was measured on this kind of machine, if anything was."""
        return self._file.machines.get(self.machine)

    def keep(self, costs: MachineCosts) -> None:
        """Take costs as those of this machine from now on, and write them down."""
        self._file = _File(machines={**self._file.machines, self.machine: costs})
        self._tables.clear()
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            scratch = self._path.with_suffix(".new")
            scratch.write_bytes(msgspec.json.format(msgspec.json.encode(self._file), indent=1) + b"\n")
            scratch.replace(self._path)

    def all(self, platforms: Iterable[Platform]) -> dict[tuple[str | None, str], Coefficient]:
        """Return every coefficient of some platforms, and of conversions that need no engine, by platform and tag."""
        here = self.measured or MachineCosts()
        between = {**COSTS, **here.conversions.get("", {})}
        found: dict[tuple[str | None, str], Coefficient] = {(None, name): between[name] for name in COSTS}
        for platform in platforms:
            table = self.table(platform)
            own = {f"{one.source}>{one.target}" for one in platform.conversions}
            found |= {(platform.name, tag): one for tag, one in table.operators.items()}
            found |= {(platform.name, tag): one for tag, one in table.conversions.items() if tag in own}
        return found

    def table(self, platform: Platform) -> CostTable:
        """Return the costs of a platform: what was measured here, and what ships with it for all else."""
        if platform.name not in self._tables:
            self._tables[platform.name] = self._table(platform)
        return self._tables[platform.name]

    def _table(self, platform: Platform) -> CostTable:
        shipped, here = platform.costs, self.measured
        if here is None:
            return shipped
        name = platform.name
        operators, own = here.operators.get(name, {}), here.conversions.get(name, {})
        # What was not measured is as much slower here as what was.
        factor = _factor({**shipped.operators, **shipped.conversions}, {**operators, **own})
        return CostTable(
            start_up_s=here.start_up_s.get(name, shipped.start_up_s),
            operators={**_scaled(shipped.operators, factor), **operators},
            conversions={**_scaled(shipped.conversions, factor), **here.conversions.get("", {}), **own},
        )


def _read(path: Path) -> _File:
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return _File()
    hint = "move it away, and %wayang calibrate makes a new one"
    try:
        found = msgspec.json.decode(body, type=_File)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise DataError(f"{path} is no file of costs: {error}", hint=hint) from error
    if found.version != VERSION:
        raise DataError(f"{path} has version {found.version}, and this program reads version {VERSION}", hint=hint)
    return found


def _factor(shipped: Mapping[str, Coefficient], here: Mapping[str, Coefficient]) -> float:
    """Return how many times as long things take here, in the middle of those that were measured, at a medium size."""
    ratios = [
        _medium_s(here[tag]) / _medium_s(shipped[tag])
        for tag in here.keys() & shipped.keys()
        if _medium_s(shipped[tag]) > 0 and _medium_s(here[tag]) > 0
    ]
    return median(ratios) if len(ratios) >= _TELLING else 1.0


def _medium_s(one: Coefficient) -> float:
    return one.fixed_s + (one.row_s + one.out_row_s) * _MEDIUM + one.byte_s * _MEDIUM * _WIDTH


def _scaled(table: Mapping[str, Coefficient], factor: float) -> dict[str, Coefficient]:
    return {
        tag: replace(
            one,
            fixed_s=one.fixed_s * factor,
            row_s=one.row_s * factor,
            out_row_s=one.out_row_s * factor,
            byte_s=one.byte_s * factor,
        )
        for tag, one in table.items()
    }


class _Costed:
    """A platform whose costs are looked up when they are asked for."""

    def __init__(self, platform: Platform, known: KnownCosts) -> None:
        self._platform = platform
        self._known = known

    @property
    def costs(self) -> CostTable:
        return self._known.table(self._platform)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)


def costed(platform: Platform, known: KnownCosts) -> Platform:
    """Return a platform that costs what is known here, also if more gets known later."""
    return cast("Platform", _Costed(platform, known))
