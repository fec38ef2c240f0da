"""Every snippet of both reference guides runs as it was published, and finds what the data hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.e2e.guide_data import IMAGES, ISUP, MASKS, PATIENTS, PIRADS, SPECIMENS, resources
from tests.fixtures.pages import Block, blocks, run
from vxdata.cli.running import upgrade_database
from vxdata.schemas.plan import MAX_NESTING, MAX_PLAN_BYTES
from vxdata.schemas.plan.predicates import MAX_PATTERN_LENGTH, MAX_TERMS, MAX_VALUES
from vxdata.schemas.response import (
    ImagingStudyResponse,
    PathologyAssessmentResponse,
    PathologySpecimenResponse,
    PatientResponse,
)
from vxdata.sdk import Client, F, has_ancestor
from vxdata.server.app import Server
from vxp_client import PlatformClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.config import Settings

HERE = Path(__file__).parent
CLIENTS: dict[str, tuple[type[Client], str]] = {
    "sdk": (Client, "client.volumes.query()"),
    "platform": (PlatformClient, 'client.query("Volume")'),
}
SNIPPETS = [
    pytest.param(guide, block, id=f"{guide}-{block.heading}")
    for guide in CLIENTS
    for block in blocks(HERE / "guides" / f"{guide}.md")
]
PAGE = HERE.parents[1] / "docs" / "queries.md"

VOLUMES = {name for name, *_ in IMAGES} | {name for name, _ in MASKS}
KIND = {name: kind for name, kind, *_ in IMAGES} | {name: "SEG" for name, _ in MASKS}
THICKNESS = {name: thickness for name, _, _, thickness, *_ in IMAGES if thickness is not None}
AXIAL_T2 = {name for name, kind, plane, *_ in IMAGES if (kind, plane) == ("T2", "transversal")}
DESCRIBED = {name: description for name, _, _, _, description, *_ in IMAGES if description is not None}
ACQUIRED = {name: f"{at:%Y-%m-%d %H}" for name, *_, at, _ in IMAGES if at is not None}

Names = dict[str, Any]


@pytest.fixture(scope="module")
def guide_server(settings: Settings, new_database: Callable[[], SecretStr]) -> Iterator[str]:
    """A server that holds the guides' data and nothing else."""
    uri = new_database()
    upgrade_database(uri)
    with Server(settings.model_copy(update={"database_uri": uri})) as server:
        with Client(server.flight_url) as client:
            client.resources.create(resources())
        yield server.flight_url


def of(*sources: str) -> set[str]:
    """Volumes of data sources."""
    return {name for name in VOLUMES if PATIENTS[name.partition("/")[0]] in sources}


def where(values: dict[str, Any], holds: Callable[[Any], bool]) -> set[str]:
    return {name for name, value in values.items() if holds(value)}


def found(frame: pl.DataFrame) -> set[str]:
    """Names in a frame, each there once."""
    names = [identifier.partition("/")[2] for identifier in frame["identifier"]]
    assert len(names) == len(set(names))
    return set(names)


def retrieved(names: Names) -> None:
    assert type(names["patient"]) is PatientResponse
    assert [type(study) for study in names["studies"]] == [ImagingStudyResponse] * 2
    assert [study.identifier[-3:] for study in names["studies"]] == ["001", "002"]
    assert type(names["assessment"]) is PathologyAssessmentResponse
    assert names["assessment"].isup == dict(ISUP)["BB00017/1"]


def queried(names: Names) -> None:
    assert found(names["patients"]) == set(PATIENTS)
    assert found(names["volumes"]) == AXIAL_T2
    assert {type(specimen) for specimen in names["rpe"]} == {PathologySpecimenResponse}
    assert {specimen.identifier.partition("/")[2] for specimen in names["rpe"]} == {
        name for name, kind, _ in SPECIMENS if kind == "RPE"
    }


def everything(names: Names) -> None:
    assert found(names["volumes"]) == VOLUMES
    if "patients" in names:
        assert found(names["patients"]) == set(PATIENTS)


def is_volumes(expected: set[str]) -> Callable[[Names], None]:
    def check(names: Names) -> None:
        assert expected
        assert expected != VOLUMES
        assert found(names["volumes"]) == expected

    return check


def accessed(names: Names) -> None:
    """Each condition of the list, as the only one of a query."""
    assert [found(names["ask"](condition)) for condition in names["values"]] == [
        where(KIND, lambda kind: kind == "T2"),
        where(KIND, lambda kind: kind != "T1"),
        where(THICKNESS, lambda thickness: thickness > 2.5),
        where(THICKNESS, lambda thickness: thickness >= 2.5),
        where(THICKNESS, lambda thickness: thickness < 5.0),
        where(THICKNESS, lambda thickness: thickness <= 5.0),
        where(DESCRIBED, lambda text: "T2" in text),
        set(),  # an identifier of a patient begins with its prefix
        set(),
        where(THICKNESS, lambda thickness: 2.0 <= thickness <= 4.0),
        where(ACQUIRED, lambda at: at > "2024-01-01 00"),
        where(ACQUIRED, lambda at: at < "2025-01-01 00"),
    ]


def tabulated(names: Names) -> None:
    assert [found(names["ask"](condition)) for condition in names["values"]] == [
        of("dasa"),
        {name for name in VOLUMES if name.startswith("DA00001/")},
        {name for name in VOLUMES if name.startswith("DA00001/study-1/")},
        of("dasa"),
    ]


def specimens(names: Names) -> None:
    assert found(names["specimens"]) == {"DA00001/1", "DA00002/1"}


def nested(names: Names) -> None:
    (query,) = names["values"]
    wanted = where(KIND, lambda kind: kind in {"T2", "ADC"}) & of("dasa", "basel")
    assert found(query.collect()) == wanted


def linked(names: Names) -> None:
    assert names["session_ids"] == ["annotationsession/DA00002-1"]
    assert found(names["masks"]) == {"DA00002/study-1/mask-1"}


def quantified(names: Names) -> None:
    thickness = {kind: [THICKNESS[name] for name in THICKNESS if KIND[name] == kind] for kind in ("T1", "T2")}
    thick = where(THICKNESS, lambda value: any(value > other for other in thickness["T1"]))
    thin = where(THICKNESS, lambda value: all(value < other for other in thickness["T2"]))
    assert found(names["thick_volumes"]) == thick != set()
    assert found(names["thin_volumes"]) == thin == {"BB00017/002/series-1"}


def columns(names: Names) -> None:
    assert names["masks"].columns == ["path_nii", "segmentation_reference_uid"]
    assert set(names["masks"].rows()) == {
        (f"s3://masks/{name}.nii.gz", f"1.2.{number}") for number, (name, _) in enumerate(MASKS)
    }


def joined(names: Names) -> None:
    assert names["result"].sort("patient_id").to_dicts() == [
        {
            "identifier": f"volume/{patient}/001/series-1",
            "patient_id": f"patient/{patient}",
            "max_isup": highest(ISUP, patient),
            "max_pirads": highest(PIRADS, patient),
        }
        for patient in ("BB00017", "BB00018")
    ]


def highest(scores: tuple[tuple[str, int | None], ...], patient: str) -> int | None:
    known = [score for name, score in scores if name.startswith(patient) and score is not None]
    return max(known, default=None)


CHECKS: dict[str, Callable[[Names], None]] = {
    "Retrieving": retrieved,
    "Querying resources": queried,
    "All of them": everything,
    "Chainable filtering": is_volumes(AXIAL_T2),
    "Field accessor": accessed,
    "Metadata fields": is_volumes({"DA00001/study-1/series-1", "DA00002/study-1/series-1"}),
    "Lineage filters: a data source": is_volumes(of("dasa")),
    "Lineage filters: several data sources": is_volumes(of("dasa", "basel")),
    "Lineage filters: a patient": is_volumes({name for name in VOLUMES if name.startswith("DA00001/")}),
    "Lineage filters: a study": is_volumes({name for name in VOLUMES if name.startswith("DA00001/study-1/")}),
    "Lineage filters: any ancestor": is_volumes(of("dasa")),
    "Lineage filters: with others": is_volumes(AXIAL_T2 & of("dasa")),
    "Lineage filters: the table": tabulated,
    "Combining: or": is_volumes(where(KIND, lambda kind: kind in {"T2", "ADC"})),
    "Combining: and with or": is_volumes(where(KIND, lambda kind: kind in {"T2", "ADC"}) & of("dasa")),
    "Combining: a filter made before": specimens,
    "Combining: nested": nested,
    "Subqueries": linked,
    "Any and all": quantified,
    "Column selection": columns,
    "Combining with Polars": joined,
}


@pytest.mark.filterwarnings("ignore::vxdata.sdk.UnlikelyValueWarning")  # patients without their prefix
@pytest.mark.parametrize(("guide", "block"), SNIPPETS)
def test_a_snippet_of_a_guide(
    guide: str, block: Block, guide_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VXDATA_URL", guide_server)
    make, volumes = CLIENTS[guide]
    with make() as client:
        # A reader comes to each snippet with what the ones before have imported.
        names: Names = {"client": client, "F": F, "has_ancestor": has_ancestor, "pl": pl}
        names["values"] = run(block, names, prefix=volumes)
        names["ask"] = lambda condition: client.volumes.query().filter(condition).collect()
        CHECKS[block.heading](names)


def test_every_check_is_of_a_snippet() -> None:
    headings = {block.heading for guide in CLIENTS for block in blocks(HERE / "guides" / f"{guide}.md")}
    assert headings == set(CHECKS)


def test_the_page_on_queries(
    guide_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its blocks run one after the other, as a reader would try them."""
    monkeypatch.setenv("VXDATA_URL", guide_server)
    monkeypatch.chdir(tmp_path)
    names: Names = {}
    for block in blocks(PAGE):
        run(block, names)
    assert found(names["frame"]) == AXIAL_T2
    assert found(names["volumes"]) == {
        "DA00001/study-1/series-1",
        "DA00001/study-1/series-2",
    }
    assert found(names["described"]) == where(DESCRIBED, lambda text: "t2" in text.lower())
    assert names["thickest"]["slice_thickness"].to_list() == sorted(THICKNESS.values())[:-4:-1]
    assert {name: found(names[name].collect()) for name in PAGE_QUERIES} == PAGE_QUERIES
    assert names["below"].count() == 7
    assert names["nulls_first"].collect()["b_value"].to_list()[-2:] == [50.0, 1000.0]
    assert names["per_type"].collect().rows() == [("T2", 5, 3.0, 5.0), ("SEG", 4, None, None)]
    assert names["pairs"].count() == len({(name.partition("/")[0], kind) for name, kind in KIND.items()})
    assert names["patients"] == len(PATIENTS)
    assert names["half"].count() + names["t2"].shard(1, 2).count() == len(AXIAL_T2)
    assert (names["some"].count(), names["shuffled"].count()) == (2, len(AXIAL_T2))
    assert names["share"].count() < len(AXIAL_T2)
    assert names["newest"].count() == len({name.partition("/")[0] for name in AXIAL_T2})
    assert {model.identifier.partition("/")[2] for model in names["models"]} == AXIAL_T2
    assert (names["number"], names["is_any"], names["table"].num_rows) == (4, True, 4)
    assert names["planes"]["len"].sum() == 4
    assert names["offline_names"] == ["volume/a", "volume/b"]
    assert pl.read_parquet(tmp_path / "t2.parquet").equals(names["frame"])
    assert names["columns"] == names["frame"].schema
    assert names["names"] == names["frame"].columns
    assert list(names["pandas_frame"].columns) == names["frame"].columns
    assert names["first"].equals(names["frame"].sort("identifier").head(10))
    assert names["again"].equals(names["result"].frame)
    assert names["pinned"].plan.as_of == names["result"].as_of
    printed = capsys.readouterr().out
    assert repr(names["t2"]) in printed
    assert "SELECT" in printed
    names["client"].close()


def test_the_page_tells_the_limits() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text[text.index("## Limits") :]
    for limit in (MAX_VALUES, MAX_TERMS, MAX_NESTING, MAX_PATTERN_LENGTH, MAX_PLAN_BYTES // 1024**2):
        assert f"| {limit:,} " in table


PAGE_QUERIES = {
    "not_zero": VOLUMES,
    "without": VOLUMES - {"DA00002/study-1/series-2", "BB00017/002/series-2"},
    "of_session": {"DA00002/study-1/mask-1"},
    "of_either": {"DA00002/study-1/mask-1", "BB00017/001/mask-1"},
    "good": {"auc"},
    "measured": {"auc", "dice"},
    "dasa": of("dasa"),
    "masks": {"DA00002/study-1/mask-1"},
    "thin": {"BB00017/002/series-1"},
    "not_thinnest": where(THICKNESS, lambda thickness: thickness > 1.5),
}
"""Queries that the page makes, and what they find."""
