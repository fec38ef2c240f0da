"""Uploads: tables become sections of a fair size, and one all-or-nothing write."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest

from vxdata.schemas.create import DataSourceCreate
from vxdata.schemas.errors import InvalidRequest, LimitExceeded, UnknownField, UnknownResourceType
from vxdata.schemas.fields import MAX_TEXT_LENGTH
from vxdata.schemas.update import DataSourceUpdate
from vxdata.schemas.wire import UPLOAD_SCHEMA
from vxdata.sdk import F
from vxdata.sdk._resources.upload import (
    MAX_KEY_LENGTH,
    MAX_NAME_BYTES,
    SECTION_BYTES,
    WriteRequest,
    describe_client,
    sections,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.sdk import Client

NAMELESS = 54_321
"""A user id without a name, as containers have."""


def rows(section: pa.RecordBatch) -> pa.Table:
    with pa.ipc.open_stream(section.column("rows")[0].as_buffer()) as stream:
        return stream.read_all()


def table(sizes: list[int]) -> pa.Table:
    return pa.table({"number": range(len(sizes)), "text": ["x" * size for size in sizes]})


def read_back(sections: Iterator[pa.RecordBatch]) -> tuple[list[int], pa.Table]:
    """Sizes of the sections, and what they hold together."""
    parts = list(sections)
    assert all(part.schema == UPLOAD_SCHEMA and part.num_rows == 1 for part in parts)
    return [part.nbytes for part in parts], pa.concat_tables([rows(part) for part in parts])


class TestSections:
    def test_hold_all_rows_in_order(self) -> None:
        whole = table([100] * 200_000)
        sizes, together = read_back(sections("volume", whole))
        assert together.equals(whole)
        assert len(sizes) == pytest.approx(whole.nbytes / SECTION_BYTES, abs=1)
        assert max(sizes) < 1.1 * SECTION_BYTES

    def test_a_small_table_is_one(self) -> None:
        (section,) = sections("volume", table([1, 2, 3]))
        assert section["resource_type"].to_pylist() == ["volume"]

    def test_an_empty_table_is_none_or_has_no_rows(self) -> None:
        assert sum(rows(section).num_rows for section in sections("volume", table([]))) == 0

    def test_large_rows_among_small_ones_are_cut_apart(self) -> None:
        whole = table([10] * 50_000 + [SECTION_BYTES] * 12 + [10] * 50_000)
        sizes, together = read_back(sections("volume", whole))
        assert together.equals(whole)
        assert max(sizes) < 2.2 * SECTION_BYTES

    def test_slices_and_chunks_hold_their_rows_only(self) -> None:
        whole = table([1000] * 10_000)
        parts = pa.concat_tables([whole.slice(9_000), whole.slice(10, 5)])
        sizes, together = read_back(sections("volume", parts))
        assert together.combine_chunks().equals(parts.combine_chunks())
        assert sum(sizes) < 1.2 * 1_005 * 1_008


class TestUpload:
    def test_rows_near_the_limits_of_their_fields(self, client: Client, root: str, unique: str) -> None:
        reports = pl.DataFrame(
            {
                "identifier": [f"{unique}-{number:02}" for number in range(40)],
                "parent_identifier": root,
                "license": "x",
                "findings": [("é" if number % 2 else "x") * MAX_TEXT_LENGTH for number in range(40)],
                "subjects": [[f"volume/{unique}-{item:08}" for item in range(25_000)]] * 40,
            }
        )
        receipt = client.diagnostic_reports.create(reports)
        assert receipt.counts == {"diagnosticreport": 40}
        stored = (
            client.diagnostic_reports.query()
            .filter(F.parent_identifier == root)
            .order_by("identifier")
            .select("findings", "subjects")
        )
        assert stored.collect().equals(reports.select("findings", "subjects"))

    def test_a_row_that_no_message_can_hold_is_refused(self, client: Client, root: str, unique: str) -> None:
        # 70 MB of items, each of a valid length.
        items = ["x" * 7_000] * 10_000
        frame = pl.DataFrame(
            {"identifier": [unique], "parent_identifier": root, "eval_task": "x", "benchmarked_on": [items]}
        ).with_columns(
            summary_metrics=pl.lit([], dtype=pl.List(pl.Struct({"key": pl.String, "value": pl.Float64})))
        )
        before = client.health().version
        with pytest.raises(LimitExceeded, match="VXDATA_MESSAGE_BYTES"):
            client.benchmarking_results.create(frame)
        assert client.health().version == before

    @pytest.mark.parametrize(
        ("resource_type", "columns", "error"),
        [
            ("patient", {"sexx": pa.array(["M"] * 200_000)}, UnknownField),
            ("nosuch", {}, UnknownResourceType),
        ],
    )
    def test_what_the_server_refuses_at_the_first_section(
        self, client: Client, resource_type: str, columns: dict[str, Any], error: type[Exception]
    ) -> None:
        # As an older client would send it, and long enough that the answer comes while it still writes.
        names = [f"{resource_type}/{'x' * 150}{number}" for number in range(200_000)]
        before = client.health().version
        with pytest.raises(error, match=r"Did you mean|Known"):
            WriteRequest("create", [(resource_type, pa.table({"identifier": names, **columns}))]).send(
                client._session.transport
            )
        assert client.health().version == before


class TestKeys:
    """Equal rows are the same request, however a computation has left them in memory."""

    @pytest.mark.parametrize(
        "same",
        [
            pl.DataFrame({"b_value": [None, 1.0, 2.0]}),
            pl.select(
                b_value=pl.when(pl.int_range(3) == 0).then(None).otherwise(pl.int_range(3).cast(pl.Float64))
            ),
            pl.DataFrame({"b_value": [None, 1.0, 2.0, None, 4.0]}).head(3),
            pl.DataFrame({"b_value": [5.0, None, 1.0, 2.0]}).slice(1),
            pl.concat(
                [pl.DataFrame({"b_value": [None, 1.0]}), pl.DataFrame({"b_value": [2.0]})], rechunk=False
            ),
        ],
    )
    def test_know_equal_frames(self, client: Client, root: str, unique: str, same: pl.DataFrame) -> None:
        names = [f"{unique}-{number}" for number in range(3)]
        client.volumes.create(pl.DataFrame({"identifier": names, "parent_identifier": root, "license": "x"}))
        rows = pl.DataFrame({"identifier": names, "b_value": [None, 1.0, 2.0]})
        first = client.volumes.update(rows, idempotency_key=unique)
        again = client.volumes.update(rows.with_columns(same["b_value"]), idempotency_key=unique)
        assert again == first
        assert first.counts == {"volume": 2}

    @pytest.mark.parametrize("size", [1, MAX_KEY_LENGTH])
    def test_of_either_length_are_kept(self, client: Client, root: str, size: int) -> None:
        key = secrets.token_hex(MAX_KEY_LENGTH)[:size]
        client.resources.update(root, DataSourceUpdate(license=key), idempotency_key=key)
        (commit,) = client.commits().filter(F.idempotency_key == key).collect().to_dicts()
        assert commit["verb"] == "update"

    @pytest.mark.parametrize("key", ["", "x" * (MAX_KEY_LENGTH + 1), "a\0b", 1, b"x"])
    def test_of_another_form_are_refused(self, alone: Client, key: Any) -> None:
        with pytest.raises(InvalidRequest, match="An idempotency key is a text of 1 to 200 characters"):
            alone.resources.delete("datasource/a", idempotency_key=key)


class TestCaller:
    def test_says_who_it_is(self) -> None:
        described = describe_client()
        assert set(described) == {"user", "host", "sdk"}
        assert all(described.values())

    @pytest.mark.parametrize(
        "name", [b"m\xfcller", b"\xff" * 100, "ü".encode() * 50_000, b'"\\\n\x1b' * 10_000, b"x" * 100_000]
    )
    def test_any_name_of_a_user_can_be_sent(
        self, client: Client, unique: str, monkeypatch: pytest.MonkeyPatch, name: bytes
    ) -> None:
        monkeypatch.setenv("LOGNAME", os.fsdecode(name))
        created = client.data_sources.create(DataSourceCreate(identifier=unique, license="x"))
        (commit,) = client.data_sources.history(created.identifier)
        user = commit.client["user"]
        assert user == describe_client()["user"]
        assert 0 < len(user.encode()) <= MAX_NAME_BYTES
        assert user[:1] == os.fsdecode(name)[:1] or user.startswith("\\")

    def test_a_user_without_a_name_is_unknown(self) -> None:
        # The module is loaded before, as the interpreter may be closed to the user.
        code = (
            "import os, json; from vxdata.sdk._resources.upload import describe_client; describe_client()\n"
            f"if os.geteuid() == 0: os.setuid({NAMELESS})\n"
            "print(describe_client()['user'])"
        )
        named = {"LOGNAME", "USER", "LNAME", "USERNAME"}
        environment = {name: value for name, value in os.environ.items() if name not in named}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "unknown" if os.geteuid() == 0 else done.stdout.strip()
