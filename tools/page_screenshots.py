"""Pictures of the query page for its documentation, taken of the demo's data.

Load them by `vxdata demo --small` and `vxdata demo --small --cda`, with a `--data-dir` of its own. Start them
by `vxdata up --catalog cda=embedded:cda` with the same folder, and give the two addresses that it prints:
`python -m tools.page_screenshots grpc://127.0.0.1:8815 http://127.0.0.1:8816`. Some volumes are changed and
one is deleted, so that there is something to compare.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import sync_playwright

from tools.tree import TOP
from vxdata.schemas.update import VolumeUpdate
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page, ViewportSize

FOLDER: Final = TOP / "docs/images/query-page"

WIDTH: Final = 1360
"""Pixels of a picture."""

MAX_BYTES: Final = 300_000
"""Most bytes of a picture."""

COLOURS: Final = 255
"""Colours of a picture; the page has few."""

IMAGE: Final = "volume/nibabel/example4d"
"""The volume of the demo that has a file."""

PROSTATE: Final = {"op": "==", "field": "body_part_examined", "value": "PROSTATE"}
TYPES: Final = {"op": "is_in", "field": "volume_type", "values": ["ADC", "T2"]}
LARGE: Final = {"op": ">", "field": "instance_count", "value": 20}


@dataclass(frozen=True)
class Shot:
    """A picture of the page.

    Args:
        name: Name of its file.
        state: Members of the page's state, as `state.js` names them.
        prepare: What is done on the page before it is taken.
        scheme: Whether it is light or dark.
        height: Pixels.
    """

    name: str
    state: dict[str, Any]
    prepare: Callable[[Page], None]
    scheme: Literal["light", "dark"] = "light"
    height: int = 850


def shots(before: datetime) -> tuple[Shot, ...]:
    """List the pictures.

    Args:
        before: The instant that the present is compared with.

    Returns:
        All of them.
    """
    volumes = {"version": 2, "relation": "volume"}
    filtered = {**volumes, "where": {"op": "and", "terms": [PROSTATE, TYPES, LARGE]}}
    plot = {"kind": "scatter", "x": "instance_count", "y": "size_mb"}
    bars = {"kind": "bars", "x": "volume_type", "y": ""}
    return (
        Shot("fields", {"plan": filtered}, _find_fields),
        Shot("fields-dark", {"plan": filtered}, _find_fields, "dark"),
        Shot("expression", {"plan": {**volumes, "where": PROSTATE}}, _mistype),
        Shot(
            "plots", {"plan": {**volumes, "where": PROSTATE}, "view": "plots", "plot": bars}, _wait_for_bars
        ),
        Shot(
            "scatter",
            {"plan": {**volumes, "where": PROSTATE}, "view": "plots", "plot": plot},
            _wait_for_points,
        ),
        Shot("time", {"plan": volumes, "view": "time", "since": before.isoformat()}, _wait_for_changes),
        Shot("resource", {"plan": volumes, "resource": IMAGE}, _show_image, height=1100),
        Shot("catalogs", {"plan": volumes, "view": "catalogs", "catalog": "cda"}, _find_subjects),
    )


def _find_fields(page: Page) -> None:
    page.get_by_role("list", name="Most frequent values of volume type").wait_for()
    page.get_by_role("grid").get_by_text("PROSTATE").first.wait_for()


def _mistype(page: Page) -> None:
    page.get_by_label("In Python").fill(
        "(F.body_part_examined == 'PROSTATE') & F.slice_thicknes.between(1, 3.5)"
    )
    page.get_by_role("alert").wait_for()


def _wait_for_bars(page: Page) -> None:
    page.get_by_role("region", name="rows by volume type").get_by_role("button").first.wait_for()


def _wait_for_points(page: Page) -> None:
    page.get_by_role("img", name="size mb by").locator("canvas").wait_for()


def _wait_for_changes(page: Page) -> None:
    page.get_by_role("region", name="Changed rows").get_by_text("1 field").first.click()


def _show_image(page: Page) -> None:
    page.get_by_role("region", name="Files").get_by_role("button", name="Show").click()
    picture = page.get_by_role("img", name="Sections through")
    picture.wait_for()
    page.get_by_role("complementary", name=f"Resource {IMAGE}").evaluate(
        "box => box.scrollTo(0, box.scrollHeight)"
    )
    page.mouse.move(0, 0)


def _find_subjects(page: Page) -> None:
    page.get_by_label("All of these hold").fill("species = human")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("region", name="Rows of the cohort").wait_for()


def change(client: Client) -> datetime:
    """Change some volumes of the demo, once; a second call leaves them as they are.

    Args:
        client: A client of its server.

    Returns:
        The instant of the commit before the changes.
    """
    some = client.volumes.query().filter(F.volume_type == "ADC").order_by("identifier").limit(4)
    *changed, deleted = some.select("identifier").collect()["identifier"].to_list()
    history = client.resources.history(changed[0])
    if len(history) == 1:
        client.volumes.update(dict.fromkeys(changed, VolumeUpdate(image_plane="transversal")))
        client.volumes.delete(deleted)
    *_, loaded = client.commits().filter(F.verb == "create").order_by("version").collect()["as_of"]
    assert isinstance(loaded, datetime)  # noqa: S101 - the type of the column
    return loaded


def take(browser: Browser, url: str, shot: Shot) -> bytes:
    """Take a picture.

    Args:
        browser: What shows the page.
        url: Address of the server.
        shot: Of what.

    Returns:
        It as PNG.
    """
    size: ViewportSize = {"width": WIDTH, "height": shot.height}
    with browser.new_context(viewport=size, color_scheme=shot.scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{url}/query#s={quote(json.dumps(shot.state))}")
        shot.prepare(page)
        page.wait_for_load_state("networkidle")
        picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    written = BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(written, "png", optimize=True)
    return written.getvalue()


def main(flight_url: str, http_url: str) -> None:
    """Take all pictures, and fail if one is too heavy."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Client(flight_url) as client:
        before = change(client)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        for shot in shots(before):
            content = take(browser, http_url, shot)
            print(f"{shot.name}: {len(content):,} bytes")
            if len(content) > MAX_BYTES:
                sys.exit(f"{shot.name} is heavier than {MAX_BYTES:,} bytes")
            (FOLDER / f"{shot.name}.png").write_bytes(content)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004 - the script and two addresses
        sys.exit("usage: python -m tools.page_screenshots grpc://HOST:PORT http://HOST:PORT")
    main(*sys.argv[1:])
