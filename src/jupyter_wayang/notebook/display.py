"""What a cell shows: rows with their types, a run that goes on, plain text."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_wayang.session import Result, Run

__all__ = ["Rows", "Started", "Text"]


@dataclass(frozen=True)
class Text:
    """Plain text, shown without quotes."""

    text: str

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Rows:
    """The rows of a result, capped, with the types of the columns."""

    result: Result
    most: int

    def __repr__(self) -> str:
        return self.result.shown_as_text(self.most)

    def _repr_html_(self) -> str:
        return self.result.shown_as_html(self.most)


@dataclass(frozen=True)
class Started:
    """A run that goes on in the background."""

    run: Run

    def __repr__(self) -> str:
        return f"run {self.run.id} goes on in the background: %wayang attach {self.run.id} waits for it, %wayang stop {self.run.id} ends it"
