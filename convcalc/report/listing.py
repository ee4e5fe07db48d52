"""What ships → tables: one line an entry, or one entry with its settings."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from convcalc.catalogue import HEADINGS, Entry
from convcalc.report.table import Column, Row, Table

NAMES = (
    Column("name", "name"),
    Column("about", "what it is"),
    Column("settings", "settings", quiet=True),
)
SETTINGS = (
    Column("setting", "setting"),
    Column("default", "default"),
    Column("accepts", "accepts", quiet=True),
)


def overview(entries: Iterable[Entry]) -> list[Table]:
    """A table a group, a line an entry."""
    groups = groupby(entries, lambda entry: entry.group)
    return [_group(group, list(members)) for group, members in groups]


def _group(group: str, members: Sequence[Entry]) -> Table:
    rows = [Row((e.name, e.brief, ", ".join(c.name for c in e.settings))) for e in members]
    return Table(group.capitalize(), NAMES, tuple(rows), (), HEADINGS[group])


def detail(entry: Entry) -> Table:
    """One entry: each setting with its default and what it accepts."""
    columns = SETTINGS if any(choice.accepts for choice in entry.settings) else SETTINGS[:2]
    rows = [Row(tuple(choice)[: len(columns)]) for choice in entry.settings]
    notes = [f"{key}: {line}" for key, lines in entry.facts.items() for line in lines]
    return Table(
        f"{entry.name}: {entry.title}" if entry.title else entry.name,
        columns if entry.settings else (),
        tuple(rows),
        tuple(notes if entry.settings else ["It has no settings.", *notes]),
        " · ".join(filter(None, [entry.place or entry.group.removesuffix("s"), entry.about])),
    )
