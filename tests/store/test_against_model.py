"""Random sequences of every verb against the model: now, at every earlier instant, history and lineage."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.store.model import LINEAGE, Model, Record, Refused
from vxdata.schemas.models import models_of
from vxdata.schemas.registry import registry
from vxdata.sdk import F

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from vxdata.sdk import Client

FIELDS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "datasource": (
        "source_dois",
        st.none() | st.lists(st.sampled_from(["10.1000/a", "10.1000/b"]), max_size=2),
    ),
    "patient": ("sex", st.sampled_from([None, "M", "F", "O"])),
    "imagingstudy": ("study_description", st.none() | st.text("aä\"'\\%_$ \n", max_size=4)),
    "volume": ("b_value", st.none() | st.floats(0, 50_000)),
    "artefact": (
        "parameters",
        st.none()
        | st.dictionaries(st.text("ab'\"", min_size=1, max_size=2), st.text(max_size=0), max_size=2),
    ),
}
"""A type with a field of each kind, and values for it."""

NAMES = [f"{prefix}/{number}" for prefix in FIELDS for number in range(3)]
some_name = st.sampled_from(NAMES)
some_names = st.lists(some_name, min_size=1, max_size=3, unique=True)
some_parent = st.none() | st.sampled_from(NAMES)


class StoreMachine(RuleBasedStateMachine):
    """One run: a fresh corner of the store, and a fresh model beside it."""

    client: Client

    def __init__(self) -> None:
        """Begin with names that nobody else uses."""
        super().__init__()
        self.corner = secrets.token_hex(5)
        self.model = Model()
        self.instants: list[datetime] = [self.client.now().as_of]

    @rule(names=some_names, data=st.data())
    def create(self, names: list[str], data: st.DataObject) -> None:
        """Create some, parents among them or not."""
        new = {name: (self._parent(name, data), self._payload(name, data)) for name in names}
        models = [
            models_of(registry().get(_type(name))).create(
                identifier=self._real(name),
                parent_identifier=None if parent is None else self._real(parent),
                license=self.corner,
                **payload,
            )
            for name, (parent, payload) in new.items()
        ]
        self._both(lambda: self.model.create(new), lambda: self.client.resources.create(models))

    @rule(names=some_names, data=st.data())
    def update(self, names: list[str], data: st.DataObject) -> None:
        """Change payloads of some."""
        self._update({name: self._payload(name, data) for name in names})

    @rule(name=some_name, data=st.data())
    def move(self, name: str, data: st.DataObject) -> None:
        """Give one another parent, and perhaps another payload."""
        payload = self._payload(name, data) if data.draw(st.booleans()) else {}
        self._update({name: {"parent": self._parent(name, data), **payload}})

    @rule(names=some_names, cascade=st.booleans())
    def delete(self, names: list[str], *, cascade: bool) -> None:
        """Delete some."""
        self._both(
            lambda: self.model.delete(names, cascade=cascade),
            lambda: self.client.resources.delete(map(self._real, names), cascade=cascade),
        )

    @rule(names=some_names, cascade=st.booleans())
    def restore(self, names: list[str], *, cascade: bool) -> None:
        """Restore some."""
        self._both(
            lambda: self.model.restore(names, cascade=cascade),
            lambda: self.client.resources.restore(map(self._real, names), cascade=cascade),
        )

    @invariant()
    def the_present_agrees(self) -> None:
        """Every type, read whole."""
        self._compare(len(self.instants) - 1, None)

    @rule(data=st.data())
    def the_past_agrees(self, data: st.DataObject) -> None:
        """An earlier instant reads as it did."""
        number = data.draw(st.integers(0, len(self.instants) - 1))
        self._compare(number, self.instants[number])

    @rule(name=some_name)
    def the_history_agrees(self, name: str) -> None:
        """Every version of one."""
        expected = self.model.versions.get(name)
        if expected is None:
            return
        found = self.client.resources.history(self._real(name))
        assert [self._state(version.resource.model_dump(), deleted=version.deleted) for version in found] == [
            self._expected(record) for record in expected
        ]

    def teardown(self) -> None:
        """At the end, every instant is asked once more."""
        for number, instant in enumerate(self.instants):
            self._compare(number, instant)

    def _update(self, changes: dict[str, dict[str, Any]]) -> None:
        updates = {}
        for name, change in changes.items():
            stated = {key: value for key, value in change.items() if key != "parent"}
            if "parent" in change:
                parent = change["parent"]
                stated["parent_identifier"] = None if parent is None else self._real(parent)
            updates[self._real(name)] = models_of(registry().get(_type(name))).update(**stated)
        self._both(lambda: self.model.update(changes), lambda: self.client.resources.update(updates))

    def _both(self, expect: Callable[[], bool], act: Callable[[], object]) -> None:
        """Do it in the model and in the store; both refuse, or both accept."""
        try:
            changed = expect()
        except Refused as refused:
            with pytest.raises(refused.expected):
                act()
            return
        act()
        token = self.client.now()
        if changed:
            self.instants.append(token.as_of)
        assert (token.as_of == self.instants[-1]) or not changed

    def _compare(self, number: int, instant: datetime | None) -> None:
        expected = {
            self._real(name): self._expected(record)
            for name, record in self.model.live(self.model.states[number]).items()
        }
        found = {}
        for prefix in FIELDS:
            query = self.client.namespace(prefix).query().filter(F.license == self.corner)
            query = query if instant is None else query.as_of(instant)
            for row in query.to_arrow().to_pylist(maps_as_pydicts="strict"):
                assert row["valid_to"] is None
                found[row["identifier"]] = self._state(row, deleted=False)
        note(f"state {number} of {len(self.instants)}")
        assert found == expected

    def _state(self, row: dict[str, Any], *, deleted: bool) -> tuple[Any, ...]:
        """What the store says of a version, with its commits as the model numbers them."""
        name = FIELDS[_type(row["identifier"])][0]
        return (
            row["parent_identifier"],
            row[name],
            tuple(row[column] for column in LINEAGE),
            row["valid_from"],
            row["created_at"],
            deleted,
        )

    def _expected(self, record: Record) -> tuple[Any, ...]:
        return (
            None if record.parent is None else self._real(record.parent),
            record.payload[FIELDS[_type(record.identifier)][0]],
            tuple(None if name is None else self._real(name) for name in record.lineage),
            self.instants[record.version],
            self.instants[record.created],
            record.deleted,
        )

    def _parent(self, name: str, data: st.DataObject) -> str | None:
        """Mostly a parent of the usual type, sometimes any other, sometimes none where that is valid."""
        payload_type = registry().get(_type(name))
        parent = data.draw(some_parent)
        return (
            data.draw(st.sampled_from(NAMES)) if parent is None and payload_type.parent_required else parent
        )

    def _payload(self, name: str, data: st.DataObject) -> dict[str, Any]:
        field, values = FIELDS[_type(name)]
        return {field: data.draw(values)}

    def _real(self, name: str) -> str:
        prefix, _, rest = name.partition("/")
        return f"{prefix}/{self.corner}/{rest}"


def _type(identifier: str) -> str:
    return identifier.partition("/")[0]


def test_the_store_does_what_the_model_does(client: Client) -> None:
    profile = settings.default
    assert profile is not None
    StoreMachine.client = client
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            profile,
            max_examples=max(profile.max_examples // 3, 5),
            stateful_step_count=50,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
