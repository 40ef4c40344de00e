"""What a strategy is given and what it remembers."""

from __future__ import annotations

import msgspec

from jupyter_wayang.plan.model_specs import Makes
from jupyter_wayang.plan.models import ModelSpec, NamedArray

__all__ = ["Client", "GlobalModel", "State"]


class GlobalModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model that all sites share: what is fitted, the features in order, and the parameters."""

    model: ModelSpec
    features: tuple[str, ...]
    parameters: tuple[NamedArray, ...]
    makes: Makes = "probability"


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a strategy remembers between rounds: the global model. One that remembers more adds fields."""

    current: GlobalModel


class Client(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site in a round (from 1): ``sites`` take part in the round, itself among them, out of ``total``."""

    site: str
    round: int
    sites: tuple[str, ...]
    total: int
