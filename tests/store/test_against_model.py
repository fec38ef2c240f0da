"""Random sequences of every verb against the model: now, at every earlier instant, history and lineage."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.store.model import LINEAGE, Model, Record, Refused
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.models import models_of
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

NAMES = [f"{prefix}/{number}" for prefix in FIELDS for number in range(4)]
COLUMNS = ("identifier", "parent_identifier", *LINEAGE, "valid_from", "created_at")

STEPS = 30
"""Steps of a run, which begins in an empty corner of the store; the profile tells how many runs there are."""

WILD = st.sampled_from([False] * 5 + [True])
"""Whether an operation may ask for anything; mostly it asks for what ought to succeed."""


class StoreMachine(RuleBasedStateMachine):
    """One run: a fresh corner of the store, and a fresh model beside it."""

    client: Client

    def __init__(self) -> None:
        """Begin with names that nobody else uses."""
        super().__init__()
        self.corner = secrets.token_hex(5)
        self.model = Model()
        self.instants: list[datetime] = [self.client.now().as_of]
        self.turn = 0
        self.touched: set[str] = set()

    @initialize(data=st.data())
    def populate(self, data: st.DataObject) -> None:
        """Create one of each type: hypothesis leaves rules out at random, `create` among them."""
        names = [f"{prefix}/0" for prefix in FIELDS]
        parents = [None, *names]
        self._create({name: (parents[n], self._payload(name, data)) for n, name in enumerate(names)})

    @rule(data=st.data())
    def create(self, data: st.DataObject) -> None:
        """Create some, parents among them or not."""
        absent = [name for name in NAMES if name not in self.model.now]
        names = self._some(data, absent, most=4)
        self._create({name: (self._parent(name, data, names), self._payload(name, data)) for name in names})

    @rule(data=st.data())
    def update(self, data: st.DataObject) -> None:
        """Change payloads of some."""
        names = self._some(data, list(self.model.live()), most=3)
        self._update({name: self._payload(name, data) for name in names})

    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        """Give one or two another parent, and perhaps another payload."""
        changes: dict[str, dict[str, Any]] = {}
        for name in self._some(data, list(self.model.live()), most=2):
            payload = self._payload(name, data) if data.draw(st.booleans()) else {}
            changes[name] = {"parent": self._parent(name, data, []), **payload}
        self._update(changes)

    @rule(data=st.data(), cascade=st.booleans())
    def delete(self, data: st.DataObject, *, cascade: bool) -> None:
        """Delete some."""
        names = self._some(data, list(self.model.live()), most=2)
        self._both(
            lambda: self.model.delete(names, cascade=cascade),
            lambda: self.client.resources.delete(map(self._real, names), cascade=cascade),
        )

    @rule(data=st.data(), cascade=st.booleans())
    def restore(self, data: st.DataObject, *, cascade: bool) -> None:
        """Restore some."""
        deleted = [name for name, record in self.model.now.items() if record.deleted]
        names = self._some(data, deleted, most=3)
        self._both(
            lambda: self.model.restore(names, cascade=cascade),
            lambda: self.client.resources.restore(map(self._real, names), cascade=cascade),
        )

    @invariant()
    def the_present_agrees(self) -> None:
        """The types that the operation touched, where it was not refused."""
        for prefix in sorted(self.touched):
            self._compare(prefix, len(self.instants) - 1, None)
        self.touched = set()

    @invariant()
    def what_it_did_not_touch_agrees(self) -> None:
        """One type in turn, by turns as it is now and as it was at some earlier instant."""
        self.turn += 1
        prefix = list(FIELDS)[self.turn // 2 % len(FIELDS)]
        if self.turn % 2:
            self._compare(prefix, len(self.instants) - 1, None)
        else:
            number = self.turn * 7 % len(self.instants)
            self._compare(prefix, number, self.instants[number])

    def teardown(self) -> None:
        """At the end, the present and the past of every type, and every version of some resources."""
        for number, prefix in enumerate(FIELDS):
            self._compare(prefix, len(self.instants) - 1, None)
            for earlier in range(number, len(self.instants), len(FIELDS)):
                self._compare(prefix, earlier, self.instants[earlier])
        for name in list(self.model.versions)[:: len(FIELDS)]:
            self._compare_history(name)

    def _create(self, new: dict[str, tuple[str | None, dict[str, Any]]]) -> None:
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
        now = self.client.now().as_of
        assert (now > self.instants[-1]) if changed else (now == self.instants[-1])
        if changed:
            self.instants.append(now)
            last = len(self.instants) - 1
            self.touched = {_type(name) for name, record in self.model.now.items() if record.version == last}

    def _compare(self, prefix: str, number: int, instant: datetime | None) -> None:
        """Read one type whole, now or at an instant, and compare it with the model's state."""
        query = self.client.namespace(prefix).query().filter(F.license == self.corner)
        query = query.select(*COLUMNS, FIELDS[prefix][0], "valid_to")
        query = query if instant is None else query.as_of(instant)
        rows = query.to_arrow().to_pylist(maps_as_pydicts="strict")
        note(f"{prefix} in state {number} of {len(self.instants)}")
        assert {row["valid_to"] for row in rows} <= {None}
        assert {row["identifier"]: self._state(row, deleted=False) for row in rows} == {
            self._real(name): self._expected(record)
            for name, record in self.model.live(self.model.states[number]).items()
            if _type(name) == prefix
        }

    def _compare_history(self, name: str) -> None:
        found = self.client.namespace(_type(name)).history(self._real(name))
        assert [self._state(version.resource.model_dump(), deleted=version.deleted) for version in found] == [
            self._expected(record) for record in self.model.versions[name]
        ]

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

    def _some(self, data: st.DataObject, fitting: list[str], *, most: int) -> list[str]:
        """Draw names of which an operation may be asked: mostly those that fit it, or else any."""
        names = NAMES if not fitting or data.draw(WILD) else fitting
        return data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True))

    def _parent(self, name: str, data: st.DataObject, batch: list[str]) -> str | None:
        """Draw a parent: mostly one that is live or created together, and none only where that is valid."""
        fitting = [other for other in [*self.model.live(), *batch] if other != name]
        parents = st.sampled_from(NAMES if not fitting or data.draw(WILD) else fitting)
        required = registry().get(_type(name)).parent_required
        return data.draw(parents if required else st.none() | parents)

    def _payload(self, name: str, data: st.DataObject) -> dict[str, Any]:
        field, values = FIELDS[_type(name)]
        return {field: data.draw(values)}

    def _real(self, name: str) -> str:
        prefix, _, rest = name.partition("/")
        return f"{prefix}/{self.corner}/{rest}"


def _type(identifier: str) -> str:
    return identifier.partition("/")[0]


@pytest.mark.slow
def test_the_store_does_what_the_model_does(client: Client) -> None:
    profile = settings.default
    assert profile is not None
    StoreMachine.client = client
    # The plug-in for random order seeds `random` before each test, and prints its seed first of all.
    number = random.getrandbits(64)
    print(f"seed of the sequences: {number}")  # noqa: T201 - pytest shows it when the test fails
    run_state_machine_as_test(
        seed(number)(StoreMachine),
        settings=settings(
            profile,
            max_examples=profile.max_examples * (7 if profile.max_examples > 100 else 3) // 10,
            stateful_step_count=STEPS,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
