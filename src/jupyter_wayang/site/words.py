"""A policy in the words of the person who signs it."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_wayang.site.policy import Columns, Policy

__all__ = ["in_words"]

_DONE = {
    "aggregate": "count and average them, also by group",
    "learn": "learn the facts that prepare data for a model (means, deviations, levels of categories)",
    "fit": "train a model on them; the model's weights leave, not the rows",
    "evaluate": "measure how well a model does on them",
}


def in_words(policy: Policy, site: str) -> str:
    """Say what a policy allows, and what it holds back.

    Parameters
    ----------
    policy
        The policy.
    site
        What the site is called.

    Examples
    --------
    >>> print(in_words(Policy(analysts=("alice",), tables=("patients",), operators=("aggregate",)), "VA"))
    VA answers alice and nobody else.
    Of its tables it uses patients, with all columns. Rows never leave.
    People who ask may
      - count and average them, also by group.
    No number leaves that
      - is about fewer than 10 rows, or differs from what the same person was told before by fewer;
      - could be computed from totals by leaving out such a number: more is held back until it cannot;
      - rests on fewer than 3 rows that contribute to it, or owes more than 80% of its size to one row;
      - is one too many: about one column of a set of rows at most 33 sums leave per 100 rows.
    Minima, maxima, quantiles and lists of values never leave.
    A person may ask about 100 different sets of rows of a table, ever, and as often as they like.
    Noisy answers (differential privacy) are not counted.
    The site writes down who asked what and what left. It cannot see people who put their answers together.
    """
    return "\n".join(_lines(policy, site))


def _lines(policy: Policy, site: str) -> Iterator[str]:
    if not policy.tables or not policy.operators:
        yield f"{site} answers nobody: its policy allows no {'operators' if policy.tables else 'tables'}."
        return
    named = ", ".join(policy.analysts)
    yield (
        f"{site} answers everyone whose connection it accepts."
        if "*" in policy.analysts
        else f"{site} answers {named} and nobody else."
    )
    tables = "; ".join(f"{name}, {_columns(policy.columns.get(name, Columns()))}" for name in policy.tables)
    yield f"Of its tables it uses {tables}. Rows never leave."
    yield "People who ask may"
    yield from _list([_DONE[word] for word in _DONE if word in policy.operators])
    yield "No number leaves that"
    yield from _list(list(_rules(policy)))
    yield "Minima, maxima, quantiles and lists of values never leave."
    yield from _models(policy)
    often = "as often as they like"
    if policy.queries_per_hour is not None:
        often = f"{policy.queries_per_hour} times an hour"
    yield (f"A person may ask about {policy.different_questions} different sets of rows of a table, ever, and {often}.")
    budget = policy.privacy_budget
    yield (
        "Noisy answers (differential privacy) are not counted."
        if budget is None
        else f"Noisy answers to a person together spend at most epsilon {budget.epsilon:g} at delta {budget.delta:g}."
    )
    yield "The site writes down who asked what and what left. It cannot see people who put their answers together."


def _rules(policy: Policy) -> Iterator[str]:
    differs = ", or differs from what the same person was told before by fewer" if policy.differences else ""
    yield f"is about fewer than {policy.minimum_rows} rows{differs}"
    yield "could be computed from totals by leaving out such a number: more is held back until it cannot"
    yield (
        f"rests on fewer than {policy.minimum_cell} rows that contribute to it, or owes more than "
        f"{policy.dominance:.0%} of its size to one row"
    )
    yield (
        "is one too many: about one column of a set of rows at most "
        f"{policy.numbers_per_row * 100:.0f} sums leave per 100 rows"
    )


def _models(policy: Policy) -> Iterator[str]:
    if "fit" in policy.operators:
        level = (
            "A person who is alone in a category is told about by its weight."
            if policy.minimum_level <= 1
            else f"Categories that fewer than {policy.minimum_level} rows have are not trained on."
        )
        yield (
            f"A model is trained on {policy.minimum_rows} rows or more, with at most "
            f"{policy.parameters_per_row * 100:.0f} parameters per 100 rows. {level}"
        )
    if "evaluate" in policy.operators:
        steps = f", right answers in steps of {policy.metric_rows}" if policy.metric_rows > 1 else ""
        yield f"Scores leave as counts of {policy.minimum_cell} rows or more{steps}."


def _columns(columns: Columns) -> str:
    if columns.allow is not None:
        return "with the columns " + ", ".join(name for name in columns.allow if name not in columns.deny)
    return "without " + ", ".join(columns.deny) if columns.deny else "with all columns"


def _list(parts: list[str]) -> Iterator[str]:
    for place, part in enumerate(parts, 1):
        yield f"  - {part}{'.' if place == len(parts) else ';'}"
