"""A plain in-memory model of the store: what the real one must do, without any of its means."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from vxdata.schemas.errors import (
    LineageCycle,
    NotDeleted,
    ParentNotFound,
    ResourceAlreadyExists,
    ResourceNotFound,
    VxDataError,
)

LINEAGE = {"datasource_id": "datasource", "patient_id": "patient", "study_id": "imagingstudy"}


@dataclass(frozen=True)
class Record:
    """One version of a resource."""

    identifier: str
    parent: str | None
    payload: dict[str, Any]
    lineage: tuple[str | None, ...]
    created: int
    version: int
    deleted: bool = False


State = dict[str, Record]


class Refused(Exception):
    """The model refuses an operation; `expected` are the errors of which the store may raise any."""

    def __init__(self, *expected: type[VxDataError]) -> None:
        """Keep the errors."""
        super().__init__(expected)
        self.expected = expected


@dataclass
class Model:
    """All states that the store has had.

    Args:
        states: State after each of the model's commits; the first one is empty.
        versions: Every version of each resource.
    """

    states: list[State] = field(default_factory=lambda: [{}])
    versions: dict[str, list[Record]] = field(default_factory=dict)

    @property
    def now(self) -> State:
        """The present state, tombstones included."""
        return self.states[-1]

    def live(self, state: State | None = None) -> State:
        """What is live in a state."""
        state = self.now if state is None else state
        return {name: record for name, record in state.items() if not record.deleted}

    def create(self, new: dict[str, tuple[str | None, dict[str, Any]]]) -> bool:
        """Create resources, given parent and payload by identifier."""
        refusals: list[type[VxDataError]] = []
        if any(name in self.now for name in new):
            refusals.append(ResourceAlreadyExists)
        parents = {parent for parent, _ in new.values() if parent is not None}
        if any(parent not in new and parent not in self.live() for parent in parents):
            refusals.append(ParentNotFound)
        after = dict(self.now)
        for name, (parent, payload) in new.items():
            after.setdefault(name, Record(name, parent, payload, (), 0, 0))
        if any(_is_circular(after, name) for name in new):
            refusals.append(LineageCycle)
        if refusals:
            raise Refused(*refusals)
        return self._commit(after)

    def update(self, changes: dict[str, dict[str, Any]]) -> bool:
        """Change payloads, and parents under the key `parent`."""
        self._require_live(changes)
        after = dict(self.now)
        for name, change in changes.items():
            payload = {key: value for key, value in change.items() if key != "parent"}
            record = after[name]
            parent = change.get("parent", record.parent)
            after[name] = replace(record, parent=parent, payload=record.payload | payload)
        moved = [name for name in changes if after[name].parent != self.now[name].parent]
        refusals: list[type[VxDataError]] = []
        if any(after[name].parent is not None and after[name].parent not in self.live() for name in moved):
            refusals.append(ParentNotFound)
        if any(_is_circular(after, name) for name in moved):
            refusals.append(LineageCycle)
        if refusals:
            raise Refused(*refusals)
        return self._commit(after)

    def delete(self, names: list[str], *, cascade: bool) -> bool:
        """Delete resources, and with `cascade` all that is live below them."""
        self._require_live(names)
        doomed = set(names)
        if cascade:
            doomed |= {name for name in self.live() if any(above in doomed for above in self._above(name))}
        after = {
            name: replace(record, deleted=True) if name in doomed else record
            for name, record in self.now.items()
        }
        return self._commit(after)

    def restore(self, names: list[str], *, cascade: bool) -> bool:
        """Restore resources, and with `cascade` what was deleted below them in the same commit."""
        if any(name not in self.now for name in names):
            raise Refused(ResourceNotFound)
        if any(not self.now[name].deleted for name in names):
            raise Refused(NotDeleted)
        wanted = set(names)
        commits = {self.now[name].version for name in names}
        if cascade:
            wanted |= {
                name
                for name, record in self.now.items()
                if record.deleted
                and record.version in commits
                and any(above in names for above in self._above(name))
            }
        after = {
            name: replace(record, deleted=False) if name in wanted else record
            for name, record in self.now.items()
        }
        live = self.live(after)
        if any(after[name].parent is not None and after[name].parent not in live for name in names):
            raise Refused(ParentNotFound)
        return self._commit(after)

    def _require_live(self, names: Any) -> None:
        if any(name not in self.live() for name in names):
            raise Refused(ResourceNotFound)

    def _above(self, name: str) -> list[str]:
        """The chain of ancestors, deleted ones included."""
        chain = []
        parent = self.now[name].parent
        while parent is not None:
            chain.append(parent)
            parent = self.now[parent].parent
        return chain

    def _commit(self, after: State) -> bool:
        """Number what changed, lineage included; tell whether anything did."""
        number = len(self.states)
        new = {}
        for name, record in after.items():
            before = self.now.get(name)
            lineage = _lineage(after, name)
            # What stays deleted is not written anew, wherever its ancestors go.
            if before is not None and before.deleted and record.deleted:
                new[name] = before
                continue
            current = replace(record, lineage=lineage)
            if before is not None and replace(current, version=before.version) == before:
                new[name] = before
                continue
            if record.deleted and before is not None:
                current = replace(current, lineage=before.lineage)
            new[name] = replace(current, version=number, created=record.created or number)
            self.versions.setdefault(name, []).append(new[name])
        if new == self.now:
            return False
        self.states.append(deepcopy(new))
        return True


def _is_circular(state: State, name: str) -> bool:
    seen = set()
    current: str | None = name
    while current is not None and current in state:
        if current in seen:
            return True
        seen.add(current)
        current = state[current].parent
    return False


def _lineage(state: State, name: str) -> tuple[str | None, ...]:
    """The nearest data source, patient and study, the resource itself included."""
    found: dict[str, str] = {}
    current: str | None = name
    while current is not None:
        found.setdefault(current.partition("/")[0], current)
        current = state[current].parent
    return tuple(found.get(prefix) for prefix in LINEAGE.values())
