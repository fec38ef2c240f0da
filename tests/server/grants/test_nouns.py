"""Answers by address, registrations, blobs, health and explanations under grants."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from tests.server.grants.support import call_of, made, rows_of, write
from tests.server.support import CALL
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import (
    AlreadyRegistered,
    AnswerNotFound,
    BlobNotFound,
    InvalidPlan,
    InvalidRequest,
    NotPermitted,
    NotRegistered,
    ParentNotFound,
    UnknownResourceType,
)
from vxdata.schemas.plan import And, HasAncestor, IsInQuery, Plan, Subquery, TextTest
from vxdata.schemas.wire import BlobUrls, ExternalUids, ListRequest, PresignRequest
from vxdata.server.answer_files.store import AnswerFiles
from vxdata.server.call import ANONYMOUS
from vxdata.server.disk_guard import DiskGuard
from vxdata.server.formats.files import FILE_FORMATS
from vxdata.server.identities.signatures import Signatures
from vxdata.server.listeners.errors import translate
from vxdata.server.services.answer_address import Address, plan_key
from vxdata.server.services.answers import AnswerLimits, AnswerService
from vxdata.server.services.blobs import BlobService
from vxdata.server.services.health import HealthService
from vxdata.server.services.read import HIDDEN
from vxdata.server.services.register import RegisterService
from vxdata.server.storage.blobs import BlobStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.server.call import Call
    from vxdata.server.config import Settings
    from vxdata.server.database.monitor import CancellationMonitor
    from vxdata.server.database.pool import ConnectionPool
    from vxdata.server.services.read import ReadService
    from vxdata.server.services.write import WriteService

ANN: Final = call_of(read=("datasource/a",), licenses=("CC BY 4.0",))
"""A caller who sees one of two data sources."""

NOBODY: Final = call_of("eve", types=())
HASH: Final = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module", autouse=True)
def store(creates: WriteService, settings: Settings) -> None:
    """A few resources of two data sources, with files."""
    bucket = settings.s3_bucket
    made(
        creates,
        {
            "datasource/a": {"patient_code": "AA"},
            "datasource/b": {"patient_code": "BB"},
            "datasource/r": {"patient_code": "RR"},
            "patient/a": {"parent_identifier": "datasource/a"},
            "patient/secret": {"parent_identifier": "datasource/a", "license": "secret"},
            "patient/b": {"parent_identifier": "datasource/b"},
            "imagingstudy/a": {"parent_identifier": "patient/a"},
            "imagingstudy/b": {"parent_identifier": "patient/b"},
            "volume/a": {
                "parent_identifier": "imagingstudy/a",
                "path_nii": f"s3://{bucket}/a/first.nii",
                "path_dicom": f"s3://{bucket}/a/dicom/*",
            },
            "volume/b": {
                "parent_identifier": "imagingstudy/b",
                "path_nii": f"s3://{bucket}/b/{HASH}/b.nii",
                "path_dicom": f"s3://{bucket}/b/dicom/*",
            },
        },
    )
    write(creates, "update", {"volume/a": {"path_nii": f"s3://{bucket}/a/second.nii"}}, CALL)


def names(reads: ReadService, plan: Plan, call: Call = ANN) -> list[str]:
    return sorted(row["identifier"] for row in rows_of(reads, plan, call))


class TestReads:
    def test_by_data_source_and_licence(self, reads: ReadService) -> None:
        assert names(reads, Plan(relation="patient")) == ["patient/a"]
        assert {"patient/a", "patient/b", "patient/secret"} <= {*names(reads, Plan(relation="patient"), CALL)}

    def test_through_subqueries_and_ancestors(self, reads: ReadService) -> None:
        below = HasAncestor(identifier="datasource/b")
        assert names(reads, Plan(relation="volume", where=below)) == []
        found = IsInQuery(field="identifier", query=Subquery(relation="patient", select="identifier"))
        assert names(reads, Plan(relation="resource", where=found)) == ["patient/a"]

    def test_a_hidden_type_is_an_unknown_one(self, reads: ReadService) -> None:
        call = call_of(types=("patient", "datasource"))
        with pytest.raises(UnknownResourceType) as hidden:
            reads.run(Plan(relation="volume"), call)
        with pytest.raises(UnknownResourceType) as unknown:
            reads.run(Plan(relation="volumx"), call)
        assert hidden.value.message.replace("volume", "volumx") == unknown.value.message
        assert "volume" not in str(unknown.value.details["known"])

    def test_nothing_is_granted(self, reads: ReadService) -> None:
        assert rows_of(reads, Plan(relation="resource"), NOBODY) == []
        assert rows_of(reads, Plan(relation="commit"), NOBODY) == []
        assert names(reads, Plan(relation="patient"), call_of(read=())) == []

    def test_many_data_sources(self, reads: ReadService) -> None:
        call = call_of(read=("datasource/a", *(f"datasource/{number}" for number in range(200))))
        assert names(reads, Plan(relation="patient"), call) == ["patient/a", "patient/secret"]

    @pytest.mark.parametrize("call", [ANN, call_of(read=())], ids=["some", "none"])
    def test_a_malformed_expression_is_refused_whatever_there_is(
        self, reads: ReadService, call: Call
    ) -> None:
        """Else it would tell whether a hidden resource has a name."""
        for name in ("patient/b", "patient/absent"):
            named = TextTest(op="equals", field="identifier", text=name)
            malformed = TextTest(op="matches", field="license", text="(")
            plan = Plan(relation="patient", where=And(terms=(named, malformed)))
            with pytest.raises(Exception) as caught:  # noqa: PT011 - its kind is asked below
                rows_of(reads, plan, call)
            assert isinstance(translate(caught.value), InvalidPlan)

    def test_an_explanation_is_the_statement_alone(self, reads: ReadService) -> None:
        for plan in (
            Plan(relation="patient"),
            Plan(relation="patient", where=HasAncestor(identifier="datasource/a")),
        ):
            told = reads.explain(plan, ANN)
            assert "datasource/a" in told.sql
            assert (told.postgresql, told.duckdb, told.reason) == ("", "", HIDDEN)
            assert reads.explain(plan, CALL).postgresql

    def test_who_sees_everything_asks_with_the_same_catalog(self) -> None:
        catalog = default_catalog()
        assert catalog.seen_by(ANONYMOUS.grants) is catalog
        assert catalog.seen_by(ANN.principal.grants) is catalog.seen_by(ANN.principal.grants)


class TestAnswers:
    """Answers by address."""

    @pytest.fixture
    def answers(
        self, reads: ReadService, database: ConnectionPool, monitor: CancellationMonitor, tmp_path: Path
    ) -> Iterator[AnswerService]:
        with closing(AnswerFiles(tmp_path / "answers", 1024**2)) as files:
            yield AnswerService(
                reads, database, monitor, files, Signatures(database), AnswerLimits(10_000, 100), DiskGuard()
            )

    def read(self, answers: AnswerService, address: Address, call: Call) -> bytes:
        _, file = answers.open(answers.find(address, call), call)
        return b"".join(bytes(chunk) for chunk in file.read(0, file.size))

    def test_an_address_is_of_those_who_see_the_same(self, answers: AnswerService) -> None:
        given = answers.register(Plan(relation="patient", select=("identifier", "sex")), ANN)
        address = Address(given.digest, FILE_FORMATS["csv"])
        assert self.read(answers, address, ANN).splitlines()[1:] == [b'"patient/a",']
        writer = call_of("bob", read=("datasource/a",), write=(), licenses=("CC BY 4.0",))
        assert self.read(answers, address, writer) == self.read(answers, address, ANN)
        for other in (CALL, call_of(read=("datasource/a",)), NOBODY):
            with pytest.raises(AnswerNotFound):
                answers.find(address, other)

    def test_the_same_address_has_the_answer_of_each(self, answers: AnswerService) -> None:
        plan = Plan(relation="patient", select=("identifier",))
        given = answers.register(plan, CALL)
        address = Address(given.digest, FILE_FORMATS["csv"])
        assert answers.register(given.plan, ANN).digest == given.digest
        assert b'"patient/b"' in self.read(answers, address, CALL).splitlines()
        assert self.read(answers, address, ANN).splitlines()[1:] == [b'"patient/a"']
        assert answers.find(address, CALL).key != answers.find(address, ANN).key

    def test_a_file_is_made_for_those_who_see_the_same(self, answers: AnswerService) -> None:
        """Who sees everything finds a plan under the key by which the database keeps it for others."""
        given = answers.register(Plan(relation="patient", select=("identifier", "created_at")), ANN)
        form = FILE_FORMATS["csv"]
        kept = Address(plan_key(given.digest, ANN), form)
        assert b'"patient/b"' in self.read(answers, kept, CALL)
        assert b'"patient/b"' not in self.read(answers, Address(given.digest, form), ANN)


class TestRegistrations:
    @pytest.fixture
    def service(self, database: ConnectionPool, monitor: CancellationMonitor) -> RegisterService:
        return RegisterService(database, monitor)

    def test_below_what_is_hidden_nothing_is_registered(self, service: RegisterService, unique: str) -> None:
        hidden = ExternalUids(resource_type="patient", pairs=[("datasource/b", unique)])
        service.register(hidden, CALL)
        with pytest.raises(NotRegistered):
            service.resolve(hidden, ANN)
        with pytest.raises(ParentNotFound) as caught:
            service.register(hidden, ANN)
        absent = ExternalUids(resource_type="patient", pairs=[("datasource/x", unique)])
        with pytest.raises(ParentNotFound) as missing:
            service.register(absent, ANN)
        assert caught.value.message.replace("datasource/b", "datasource/x") == missing.value.message

    def test_for_what_is_hidden_nothing_is_registered(
        self, service: RegisterService, creates: WriteService, unique: str
    ) -> None:
        call = call_of(read=("datasource/r",), licenses=("CC BY 4.0",))
        asked = ExternalUids(resource_type="patient", pairs=[("datasource/r", unique)])
        (name,) = service.register(asked, call).identifiers
        assert service.resolve(asked, call).identifiers == [name]
        made(creates, {name: {"parent_identifier": "datasource/r", "license": "secret"}})
        with pytest.raises(NotRegistered):
            service.resolve(asked, call)
        assert service.resolve(asked, CALL).identifiers == [name]
        with pytest.raises(AlreadyRegistered):  # as names of resources are, it is taken
            service.register(asked, call)

    def test_below_what_may_not_be_written(self, service: RegisterService, unique: str) -> None:
        asked = ExternalUids(resource_type="patient", pairs=[("datasource/a", unique)])
        with pytest.raises(NotPermitted, match="datasource/a"):
            service.register(asked, call_of(read=("datasource/a",), write=()))

    def test_of_a_type_that_is_hidden(self, service: RegisterService) -> None:
        asked = ExternalUids(resource_type="patient", pairs=[])
        with pytest.raises(InvalidRequest, match="registered for imagingstudy, not for 'patient'"):
            service.register(asked, call_of(types=("imagingstudy",)))


class TestBlobs:
    @pytest.fixture
    def service(
        self, settings: Settings, database: ConnectionPool, monitor: CancellationMonitor
    ) -> Iterator[BlobService]:
        with closing(BlobStore(settings)) as blobs:
            yield BlobService(blobs, database, registry(), monitor)

    @pytest.fixture
    def bucket(self, settings: Settings) -> str:
        return str(settings.s3_bucket)

    @pytest.mark.parametrize("key", ["a/first.nii", "a/second.nii", "a/dicom/1.dcm", "a/dicom/x/2.dcm"])
    def test_what_a_seen_version_names(self, service: BlobService, bucket: str, key: str) -> None:
        asked = PresignRequest(method="get", urls=[f"s3://{bucket}/{key}"])
        assert key.rpartition("/")[2] in service.presign(asked, ANN).urls[0]

    def test_whatever_kind_of_field_names_it(
        self, service: BlobService, creates: WriteService, bucket: str
    ) -> None:
        for source in ("a", "b"):
            made(
                creates,
                {
                    f"histomap/{source}": {
                        "parent_identifier": f"imagingstudy/{source}",
                        "path_map": f"s3://{bucket}/{source}/map.nii",
                        "path_slides": [f"s3://{bucket}/{source}/1.svs", f"s3://{bucket}/{source}/2.svs"],
                    },
                    f"artefact/{source}": {
                        "parent_identifier": f"datasource/{source}",
                        "files": [("table", f"s3://{bucket}/{source}/table.csv")],
                    },
                },
            )
        names = ("map.nii", "1.svs", "2.svs", "table.csv")
        seen, hidden = ([f"s3://{bucket}/{source}/{name}" for name in names] for source in ("a", "b"))
        assert len(service.presign(PresignRequest(method="get", urls=seen), ANN).urls) == len(names)
        with pytest.raises(BlobNotFound) as caught:
            service.presign(PresignRequest(method="get", urls=[*seen, *hidden]), ANN)
        assert [failure["name"] for failure in caught.value.failures] == hidden

    @pytest.mark.parametrize("key", [f"b/{HASH}/b.nii", "absent", "a/", "a/first.nii.gz"])
    def test_what_none_names_is_not_there(self, service: BlobService, bucket: str, key: str) -> None:
        url = f"s3://{bucket}/{key}"
        with pytest.raises(BlobNotFound) as caught:
            service.presign(PresignRequest(method="get", urls=[f"s3://{bucket}/a/first.nii", url]), ANN)
        assert [failure["name"] for failure in caught.value.failures] == [url]

    def test_who_knows_the_hash_may_ask_whether_it_is_there(self, service: BlobService, bucket: str) -> None:
        """An upload looks whether its content is there already."""
        url = f"s3://{bucket}/b/{HASH}/b.nii"
        assert service.presign(PresignRequest(method="head", urls=[url]), ANN).urls
        assert service.presign(PresignRequest(method="put", urls=[url]), ANN).urls
        assert service.touch(BlobUrls(urls=[url]), ANN).urls == [url]
        elsewhere = PresignRequest(method="put", urls=[f"s3://{bucket}/b/dicom/3.dcm"])
        assert service.presign(elsewhere, CALL).urls
        with pytest.raises(NotPermitted, match="names with their hashes"):
            service.presign(elsewhere, ANN)

    def test_nothing_is_put_below_a_prefix_of_a_hidden_resource(
        self, service: BlobService, bucket: str
    ) -> None:
        for folder, is_refused in (("b/dicom", True), ("a/dicom", False), ("new", False)):
            asked = PresignRequest(method="put", urls=[f"s3://{bucket}/{folder}/{HASH}/3.dcm"])
            assert service.presign(asked, CALL).urls
            if is_refused:
                with pytest.raises(NotPermitted, match="another group"):
                    service.presign(asked, ANN)
            else:
                assert service.presign(asked, ANN).urls
        with pytest.raises(BlobNotFound):
            service.presign(PresignRequest(method="head", urls=[f"s3://{bucket}/absent"]), ANN)

    def test_prefixes(self, service: BlobService, bucket: str) -> None:
        for prefix in ("a/dicom/", "a/dicom/x/*"):
            assert service.list(ListRequest(url=f"s3://{bucket}/{prefix}"), ANN).blobs == []
        for prefix in ("a/", "b/", "a/dicom2/"):
            with pytest.raises(BlobNotFound):
                service.list(ListRequest(url=f"s3://{bucket}/{prefix}"), ANN)


def test_health_leaves_out_what_tells_of_others(database: ConnectionPool) -> None:
    health = HealthService(database, None, answers=lambda: {"postgresql": 7})
    assert health.check(CALL).answers == {"postgresql": 7}
    assert health.check(ANN).answers == {}
    assert health.check(ANN).version == health.check(CALL).version
