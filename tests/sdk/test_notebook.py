"""What notebooks show: cards of clients, namespaces, queries and responses, and short tracebacks."""

from __future__ import annotations

import io
import re
import traceback
from contextlib import redirect_stdout
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from vxdata.schemas.create import PatientCreate
from vxdata.schemas.html import SHOWN_CHARACTERS, shown, table
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.response import VolumeResponse
from vxdata.sdk import Client, F, MemoryTransport, ResourceNotFound, UnknownField, VxDataError, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.plan import Plan

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Cells(HTMLParser):
    """The texts of a page, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - named by the base
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def texts_of(shown_object: Any) -> list[str]:
    """The texts that a notebook shows, of a page that is well formed."""
    cells = Cells(shown_object._repr_html_())
    assert not cells.open
    return cells.texts


@pytest.fixture
def asked() -> list[Plan]:
    return []


@pytest.fixture
def counting(asked: list[Plan]) -> Client:
    """A client whose server counts 1,234 resources of each type."""

    def answer(plan: Plan) -> pa.Table:
        asked.append(plan)
        return pa.table({"rows": [1_234]})

    return Client(transport=MemoryTransport(read=answer), timestamp=NOW)


@pytest.fixture
def unreachable() -> Iterator[Client]:
    with Client("grpc://127.0.0.1:1", retry_seconds=0) as client:
        yield client


class TestCards:
    def test_a_client_lists_its_namespaces_with_counts(self, counting: Client) -> None:
        texts = texts_of(counting)
        for payload_type in BUILTIN_PAYLOAD_TYPES:
            place = texts.index(f"client.{payload_type.namespace}")
            assert texts[place + 1 : place + 3] == ["1,234", payload_type.description]
        assert any("Reads as of 2026-01-02" in text for text in texts)

    def test_a_namespace_shows_its_type_fields_and_count(self, counting: Client) -> None:
        texts = texts_of(counting.volumes)
        assert "client.volumes" in texts
        assert any(text.endswith("1,234 resources.") for text in texts)
        place = texts.index("b_value")
        assert texts[place + 1 : place + 3] == ["float", "s/mm2"]

    def test_resources_of_all_types_too(self, counting: Client) -> None:
        assert "patient_id" in texts_of(counting.resources)

    def test_without_a_server_they_say_so(self, unreachable: Client) -> None:
        for shown_object in (unreachable, unreachable.volumes, unreachable.resources):
            assert any("They were not counted" in text for text in texts_of(shown_object))

    def test_a_query_shows_itself_and_its_columns_and_asks_nothing(
        self, counting: Client, asked: list[Plan]
    ) -> None:
        query = counting.volumes.query().filter(F.series_description.contains("<b>&"))
        texts = texts_of(query.select("b_value"))
        assert repr(query.select("b_value")) in "".join(texts)
        assert texts[-2:] == ["b_value", "float"]
        assert texts_of(query.group_by("volume_type").agg(count()))[-2:] == ["count", "integer"]
        assert not asked

    def test_a_response_shows_what_has_a_value_and_counts_its_children(self) -> None:
        response = VolumeResponse(
            identifier="volume/a",
            parent_identifier="patient/<i>",
            license="CC0",
            valid_from=NOW,
            created_at=NOW,
            version=3,
            b_value=50.0,
            derived_from=[f"volume/{number}" for number in range(9)],
            children=[f"volume/child{number}" for number in range(1_200)],
        )
        texts = texts_of(response)
        shown_values = dict(zip(texts[2::2], texts[3::2], strict=True))
        assert texts[:2] == ["volume/a", "VolumeResponse"]
        assert shown_values["parent_identifier"] == "patient/<i>"
        assert shown_values["children"] == "1,200"
        assert shown_values["derived_from"].endswith("volume/4 and 4 more")
        assert "series_number" not in shown_values
        assert "child1" not in "".join(texts)

    def test_long_texts_are_cut(self) -> None:
        assert len(shown("x" * 10_000)) == SHOWN_CHARACTERS + 1
        assert shown({"a": [1, 2], "b": None}) == "a: 1, 2, b: "
        assert Cells(table(["<h>"], [["</td>"]])).texts == ["<h>", "</td>"]


def raised(call: Any) -> VxDataError:
    try:
        call()
    except VxDataError as error:
        return error
    raise AssertionError


class TestTracebacks:
    def test_they_show_the_callers_frames_only(self, counting: Client) -> None:
        error = raised(lambda: counting.volumes.query().filter(F.b_valu > 1))
        lines = error._render_traceback_()
        frames = re.findall(r'File "(.*?)"', "\n".join(lines))
        assert set(frames) == {__file__}
        assert lines[-1] == f"{UnknownField.__module__}.UnknownField: {error}"
        hidden = len(traceback.extract_tb(error.__traceback__)) - len(frames)
        assert hidden > 0
        assert f"left out: {hidden}" in lines[0]

    def test_functions_that_the_user_passes_in_are_shown(self) -> None:
        def asks_nothing(_: Plan) -> pa.Table:
            raise ResourceNotFound.from_identifiers(["volume/x"])

        client = Client(transport=MemoryTransport(read=asks_nothing))
        error = raised(client.volumes.query().collect)
        assert any("asks_nothing" in line for line in error._render_traceback_())

    def test_notes_are_shown(self) -> None:
        error = raised(lambda: PatientCreate(identifier="x"))  # type: ignore[call-arg]
        error.add_note("the third of four")
        assert error._render_traceback_()[-1] == "the third of four"

    def test_one_that_was_not_raised_has_no_frames(self) -> None:
        assert len(VxDataError("wrong")._render_traceback_()) == 2

    def test_ipython_shows_them(self) -> None:
        shell: Any = InteractiveShell()  # type: ignore[no-untyped-call] # has no annotations
        said = io.StringIO()
        with redirect_stdout(said):
            shell.run_cell("from vxdata.sdk import Client, F\nClient('grpc://127.0.0.1:1').volumes.F.b_valu")
        text = said.getvalue()
        assert "Did you mean b_value" in text
        assert "frames inside VxData that are left out" in text
        assert "_expressions" not in text


@pytest.mark.parametrize("use_jedi", [False, True])
@pytest.mark.parametrize(
    ("written", "completed"),
    [
        ("client.volumes.F.b_v", "b_value"),
        ("client.patients.F.se", "sex"),
        ("F.b_v", "b_value"),
        ("F['b_v", "b_value"),
        ("client.pathology_sp", "pathology_specimens"),
    ],
)
def test_ipython_completes_fields(written: str, completed: str, *, use_jedi: bool) -> None:
    shell: Any = InteractiveShell()  # type: ignore[no-untyped-call] # has no annotations
    shell.run_cell("from vxdata.sdk import Client, F\nclient = Client('grpc://127.0.0.1:1')")
    shell.Completer.use_jedi = use_jedi
    with provisionalcompleter():
        found = {each.text.lstrip(".") for each in shell.Completer.completions(written, len(written))}
    assert completed in found
