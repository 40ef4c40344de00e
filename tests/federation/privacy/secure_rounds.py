"""Plays a secure sum with sites that drop out, and keeps all that the coordinator sees."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from jupyter_wayang.federation.privacy import fixed_point
from jupyter_wayang.federation.privacy import secure_aggregation as coordinator
from jupyter_wayang.federation.privacy import secure_site as site
from jupyter_wayang.federation.privacy.secure_session import Session, usual_threshold

STAGES = ("advertise", "share", "mask", "reveal")


@dataclass
class Play:
    """A secure sum as far as it came: what sites hold, and what the coordinator was sent."""

    session: Session
    members: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    shared: dict = field(default_factory=dict)
    arrived: dict = field(default_factory=dict)
    told: dict = field(default_factory=dict)

    def seen(self):
        """Every byte that reached the coordinator."""
        said = [*self.keys.values(), *self.shared.values(), *self.arrived.values(), *self.told.values()]
        return b"".join(msgspec.msgpack.encode(message) for message in said)

    def total(self):
        return coordinator.unmasked(self.session, self.keys, self.shared, self.arrived, self.told)


def session(sites, length=3, threshold=None, name="run, round 1"):
    names = tuple(f"s{index}" for index in range(sites))
    return Session(name=name, sites=names, threshold=threshold or usual_threshold(sites), length=length)


def play(session, vectors, gone=lambda stage, name: False, until="reveal"):
    """Play the rounds; ``gone(stage, site)`` says from which stage on a site answers no more."""
    made = Play(session)

    def there(stage, among):
        before = STAGES[: STAGES.index(stage) + 1]
        return [name for name in session.ordered(among) if not any(gone(one, name) for one in before)]

    said = {}
    for name in there("advertise", session.sites):
        made.members[name], said[name] = site.advertise(session, name)
    made.keys = coordinator.keyring(session, said)
    for name in there("share", made.keys):
        made.members[name], made.shared[name] = site.share(made.members[name], made.keys)
    if until == "share":
        return made
    boxes = coordinator.inboxes(session, made.shared)
    for name in there("mask", made.shared):
        words = fixed_point.encoded(*vectors[name], len(session.sites))
        made.members[name], made.arrived[name] = site.masked(made.members[name], boxes[name], words)
    if until == "mask":
        return made
    asked = coordinator.reveal(session, made.shared, made.arrived)
    for name in there("reveal", made.arrived):
        made.members[name], made.told[name] = site.revealed(made.members[name], asked)
    return made
