"""Writes of an identity that sees a part of what there is, and may write a part of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.server.grants.support import call_of, made, rows_of, with_grants, write
from tests.server.support import CALL, state
from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import (
    LineageCycle,
    NotDeleted,
    NotPermitted,
    ParentNotFound,
    ResourceAlreadyExists,
    ResourceNotFound,
    UnknownResourceType,
)
from vxdata.schemas.identity import Grants
from vxdata.schemas.plan import IsIn, OrderBy, Plan
from vxdata.server.services.write import WriteService

if TYPE_CHECKING:
    from vxdata.schemas.wire import Verb
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.read import ReadService

SECRET: Final = "secret"


class Store:
    """Data sources that an identity may write (`own`), see (`other`), and does not know of (`hidden`).

    Args:
        writes: Writes.
        unique: What the names of this test alone have in them.
    """

    def __init__(self, writes: WriteService, unique: str) -> None:
        self.writes, self.unique = writes, unique
        self.own, self.other, self.hidden = (f"datasource/{name}{unique}" for name in ("own", "other", "hid"))
        self.grants = Grants(
            read=(self.own, self.other), write=(self.own,), licenses=("CC BY 4.0", "CC0"), types=None
        )
        self.call = with_grants(self.grants)
        made(writes, {name: {} for name in (self.own, self.other, self.hidden)})
        made(
            writes,
            {
                self.patient("own"): {"parent_identifier": self.own},
                self.patient("other"): {"parent_identifier": self.other},
                self.patient("hid"): {"parent_identifier": self.hidden},
                self.patient("lic"): {"parent_identifier": self.own, "license": SECRET},
            },
        )

    def patient(self, name: str) -> str:
        return f"patient/{name}{self.unique}"

    def study(self, name: str) -> str:
        return f"imagingstudy/{name}{self.unique}"

    def write(self, verb: Verb, rows: dict[str, dict[str, Any]], **options: Any) -> dict[str, int]:
        """Write as the identity; tell the counts of the receipt."""
        return dict(write(self.writes, verb, rows, self.call, **options).counts)

    def create(self, rows: dict[str, dict[str, Any]]) -> dict[str, int]:
        return dict(made(self.writes, rows, self.call).counts)

    def have(self, rows: dict[str, dict[str, Any]]) -> None:
        """Create as somebody who sees everything."""
        made(self.writes, rows)


@pytest.fixture
def store(creates: WriteService, unique: str) -> Store:
    return Store(creates, unique)


def refused(
    error: type[Exception], store: Store, database: ConnectionPool, *asked: Any, **options: Any
) -> Any:
    """Write in vain: nothing changes."""
    before = state(database)
    with pytest.raises(error) as caught:
        store.write(*asked, **options)
    assert state(database) == before
    return caught.value


class TestCreate:
    def test_below_what_may_be_written(self, store: Store) -> None:
        study = {store.study("new"): {"parent_identifier": store.patient("own")}}
        assert store.create(study) == {"imagingstudy": 1}

    def test_below_what_is_created_with_it(self, store: Store) -> None:
        assert store.create(
            {
                store.study("new"): {"parent_identifier": store.patient("new")},
                store.patient("new"): {"parent_identifier": store.own},
                f"volume/a{store.unique}": {"parent_identifier": store.study("new")},
                f"volume/b{store.unique}": {"parent_identifier": f"volume/a{store.unique}"},
            }
        ) == {"patient": 1, "imagingstudy": 1, "volume": 2}

    @pytest.mark.parametrize("name", ["hid", "lic", "absent"])
    def test_below_what_is_hidden_as_below_what_is_missing(
        self, store: Store, database: ConnectionPool, name: str
    ) -> None:
        rows = {store.study("new"): {"parent_identifier": store.patient(name), "license": "CC0"}}
        error = refused(ParentNotFound, store, database, "create", rows)
        assert error.details == {"identifiers": [store.patient(name)], "children": [store.study("new")]}
        assert error.message == f"Parents missing or deleted: {store.patient(name)}."

    def test_below_what_is_seen_alone(self, store: Store, database: ConnectionPool) -> None:
        rows = {
            store.study("new"): {"parent_identifier": store.patient("other"), "license": "CC0"},
            store.study("good"): {"parent_identifier": store.patient("own"), "license": "CC0"},
        }
        error = refused(NotPermitted, store, database, "create", rows)
        assert error.details == {"identifiers": [store.study("new")]}

    def test_under_a_licence_that_is_not_granted(self, store: Store, database: ConnectionPool) -> None:
        rows = {store.study("new"): {"parent_identifier": store.patient("own"), "license": SECRET}}
        error = refused(NotPermitted, store, database, "create", rows)
        assert error.details == {"identifiers": [store.study("new")]}

    def test_a_data_source_that_is_not_granted(self, store: Store, database: ConnectionPool) -> None:
        new = f"datasource/new{store.unique}"
        rows: dict[str, dict[str, Any]] = {
            new: {"license": "CC0"},
            store.patient("new"): {"parent_identifier": new, "license": "CC0"},
        }
        error = refused(NotPermitted, store, database, "create", rows)
        assert error.details == {"identifiers": [new]}

    def test_what_hangs_below_no_data_source(self, store: Store, database: ConnectionPool) -> None:
        rows = {f"artefact/new{store.unique}": {"name": "x", "license": "CC0"}}
        refused(NotPermitted, store, database, "create", rows)

    @pytest.mark.parametrize("is_deleted", [False, True])
    def test_the_name_of_what_is_hidden_is_taken(
        self, store: Store, database: ConnectionPool, creates: WriteService, *, is_deleted: bool
    ) -> None:
        """Names are of all, so this cannot be hidden; whether it is deleted is."""
        if is_deleted:
            write(creates, "delete", {store.patient("hid"): {}}, CALL)
        rows = {store.patient("hid"): {"parent_identifier": store.own, "license": "CC0"}}
        error = refused(ResourceAlreadyExists, store, database, "create", rows)
        assert error.details["live"] == [store.patient("hid")]

    def test_of_a_type_that_is_hidden(self, store: Store, database: ConnectionPool) -> None:
        store.call = with_grants(store.grants.model_copy(update={"types": ("datasource", "patient")}))
        rows = {store.study("new"): {"parent_identifier": store.patient("own"), "license": "CC0"}}
        error = refused(UnknownResourceType, store, database, "create", rows)
        assert "imagingstudy" not in error.details["known"]


class TestChange:
    """Updates, deletions and restores."""

    @pytest.mark.parametrize("verb", ["update", "delete", "restore"])
    @pytest.mark.parametrize("name", ["hid", "lic", "absent"])
    def test_of_what_is_hidden_as_of_what_is_missing(
        self, store: Store, database: ConnectionPool, verb: Verb, name: str
    ) -> None:
        stated = {"sex": "F"} if verb == "update" else {}
        error = refused(ResourceNotFound, store, database, verb, {store.patient(name): stated})
        assert error.details == {"identifiers": [store.patient(name)]}

    def test_of_what_is_seen_alone(self, store: Store, database: ConnectionPool) -> None:
        error = refused(NotPermitted, store, database, "update", {store.patient("other"): {"sex": "F"}})
        assert error.details == {"identifiers": [store.patient("other")]}
        refused(NotPermitted, store, database, "delete", {store.patient("other"): {}})
        with pytest.raises(NotDeleted):
            store.write("restore", {store.patient("other"): {}})

    def test_to_a_licence_that_is_not_granted(self, store: Store, database: ConnectionPool) -> None:
        refused(NotPermitted, store, database, "update", {store.patient("own"): {"license": SECRET}})
        assert store.write("update", {store.patient("own"): {"license": "CC0"}}) == {"patient": 1}

    def test_a_whole_life(self, store: Store) -> None:
        own = store.patient("own")
        assert store.write("update", {own: {"sex": "F"}}) == {"patient": 1}
        assert store.write("delete", {own: {}}) == {"patient": 1}
        assert store.write("restore", {own: {}}) == {"patient": 1}

    def test_purge_needs_to_see_everything(
        self, store: Store, database: ConnectionPool, monitor: CancellationMonitor
    ) -> None:
        store.writes = WriteService(database, registry(), monitor, allow_purge=True)
        refused(NotPermitted, store, database, "purge", {store.patient("own"): {}})


class TestMove:
    @pytest.mark.parametrize("name", ["hid", "absent"])
    def test_to_what_is_hidden_as_to_what_is_missing(
        self, store: Store, database: ConnectionPool, name: str
    ) -> None:
        moved = {store.patient("own"): {"parent_identifier": f"datasource/{name}{store.unique}"}}
        error = refused(ParentNotFound, store, database, "update", moved)
        assert error.details["identifiers"] == [f"datasource/{name}{store.unique}"]

    def test_to_what_is_seen_alone(self, store: Store, database: ConnectionPool) -> None:
        moved = {store.patient("own"): {"parent_identifier": store.other}}
        error = refused(NotPermitted, store, database, "update", moved)
        assert error.details == {"identifiers": [store.patient("own")]}

    def test_out_of_what_is_seen_alone(self, store: Store, database: ConnectionPool) -> None:
        moved = {store.patient("other"): {"parent_identifier": store.own}}
        error = refused(NotPermitted, store, database, "update", moved)
        assert error.details == {"identifiers": [store.patient("other")]}

    def test_takes_along_what_is_hidden_and_does_not_tell(self, store: Store, reads: ReadService) -> None:
        second = f"datasource/second{store.unique}"
        store.have(
            {
                second: {},
                store.study("seen"): {"parent_identifier": store.patient("own")},
                store.study("lic"): {"parent_identifier": store.patient("own"), "license": SECRET},
            }
        )
        read = (*(store.grants.read or ()), second)
        store.call = with_grants(store.grants.model_copy(update={"read": read, "write": (store.own, second)}))
        counts = store.write("update", {store.patient("own"): {"parent_identifier": second}})
        assert counts == {"patient": 1, "imagingstudy": 1}
        names = (store.study("seen"), store.study("lic"))
        plan = Plan(relation="imagingstudy", where=IsIn(field="identifier", values=names))
        assert [row["datasource_id"] for row in rows_of(reads, plan, CALL)] == [second, second]
        newest = OrderBy(field="version", descending=True)
        log = Plan(relation=COMMIT, select=("counts",), order_by=(newest,), limit=1)
        (told,), (written,) = rows_of(reads, log, store.call), rows_of(reads, log, CALL)
        assert dict(told["counts"]) == {"patient": 1.0, "imagingstudy": 1.0}
        assert dict(written["counts"]) == {"patient": 1.0, "imagingstudy": 2.0}

    def test_a_cycle_through_what_is_hidden_names_what_is_seen(
        self, store: Store, database: ConnectionPool
    ) -> None:
        first, between, last = (f"volume/{name}{store.unique}" for name in ("first", "lic", "last"))
        store.have(
            {
                first: {"parent_identifier": store.patient("own")},
                between: {"parent_identifier": first, "license": SECRET},
                last: {"parent_identifier": between},
            }
        )
        error = refused(LineageCycle, store, database, "update", {first: {"parent_identifier": last}})
        assert error.details == {"identifiers": sorted([first, last])}


class TestCascade:
    def test_takes_what_is_seen(self, store: Store, reads: ReadService) -> None:
        seen, hidden = store.study("seen"), store.study("lic")
        store.have(
            {
                seen: {"parent_identifier": store.patient("own")},
                hidden: {"parent_identifier": store.patient("own"), "license": SECRET},
            }
        )
        own: dict[str, dict[str, Any]] = {store.patient("own"): {}}
        assert store.write("delete", own, cascade=True) == {"patient": 1, "imagingstudy": 1}
        plan = Plan(relation="imagingstudy", where=IsIn(field="identifier", values=(seen, hidden)))
        assert [row["identifier"] for row in rows_of(reads, plan, CALL)] == [hidden]
        assert store.write("restore", own, cascade=True) == {"patient": 1, "imagingstudy": 1}

    def test_ends_at_what_must_not_be_written(self, store: Store, database: ConnectionPool) -> None:
        """A data source may hang below a resource of another one."""
        nested = f"datasource/nested{store.unique}"
        store.have({nested: {"parent_identifier": store.patient("own")}})
        read = (*(store.grants.read or ()), nested)
        store.call = with_grants(store.grants.model_copy(update={"read": read}))
        own: dict[str, dict[str, Any]] = {store.patient("own"): {}}
        error = refused(NotPermitted, store, database, "delete", own, cascade=True)
        assert error.details == {"identifiers": [nested]}


class TestFiles:
    """Who names a file can read it, so a guess must not be enough."""

    HASHED: Final = f"s3://private/x/{'0' * 64}/scan.nii"

    @pytest.fixture
    def volume(self, store: Store, database: ConnectionPool, monitor: CancellationMonitor) -> str:
        """A volume that the identity may write; a hidden one, and a seen one, name files."""
        store.writes = WriteService(
            database, registry(), monitor, allow_purge=False, buckets=("private", "archive")
        )
        names = {name: f"volume/{name}{store.unique}" for name in ("own", "hid", "other")}
        store.have(
            {
                store.study("own"): {"parent_identifier": store.patient("own")},
                names["own"]: {"parent_identifier": store.study("own")},
                names["hid"]: {
                    "parent_identifier": store.patient("hid"),
                    "path_nii": f"s3://private/{store.unique}/hidden.nii",
                },
                names["other"]: {
                    "parent_identifier": store.patient("other"),
                    "path_nii": f"s3://private/{store.unique}/seen.nii",
                },
            }
        )
        return names["own"]

    @pytest.mark.parametrize("key", ["hidden.nii", "absent.nii", "*", "0000/scan.nii"])
    def test_of_others_are_not_named(
        self, store: Store, database: ConnectionPool, volume: str, key: str
    ) -> None:
        url = f"s3://private/{store.unique}/{key}"
        error = refused(NotPermitted, store, database, "update", {volume: {"path_nii": url}})
        assert error.details == {"identifiers": [volume]}
        new = {f"volume/new{store.unique}": {"parent_identifier": store.study("own"), "license": "CC0"}}
        row = {name: {**row, "path_dicom": url.replace("private", "archive")} for name, row in new.items()}
        refused(NotPermitted, store, database, "create", row)

    def test_of_uploads_of_what_is_seen_and_of_elsewhere_are(self, store: Store, volume: str) -> None:
        seen = f"s3://private/{store.unique}/seen.nii"
        for url in (self.HASHED, seen, f"s3://elsewhere/{store.unique}/x.nii", None):
            assert store.write("update", {volume: {"path_nii": url}}) == {"volume": 1}


def test_keys_of_requests_are_of_each_identity(store: Store) -> None:
    rows = {store.study("new"): {"parent_identifier": store.patient("own"), "license": "CC0"}}
    first = store.write("create", rows, key="k")
    assert store.write("create", rows, key="k") == first
    store.call = with_grants(store.grants, "bob")
    with pytest.raises(ResourceAlreadyExists):
        store.write("create", rows, key="k")


def test_all_may_be_written_that_is_seen_unless_it_is_said(store: Store) -> None:
    store.call = call_of(read=(store.own, store.other))
    assert store.write("update", {store.patient("other"): {"sex": "F"}}) == {"patient": 1}
