"""A small real image for the demo: an MR series of a head, which `nibabel` brings for its own tests."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vxdata.schemas.create import DataSourceCreate, ImagingStudyCreate, PatientCreate, VolumeCreate
from vxdata.sdk import F

if TYPE_CHECKING:
    from vxdata.schemas.models import ResourceCreate
    from vxdata.sdk import Client

SAMPLE: Final = "volume/nibabel/example4d"
"""Identifier of the volume."""

_FILE: Final = Path("tests", "data", "example4d.nii.gz")
_LICENSE: Final = "MIT"


def find_sample() -> Path | None:
    """Find the file of the image in the installed package.

    Returns:
        The NIfTI file; None where the package is not installed.
    """
    spec = find_spec("nibabel")
    if spec is None or not spec.submodule_search_locations:
        return None
    file = Path(spec.submodule_search_locations[0]) / _FILE
    return file if file.is_file() else None


def load_sample(client: Client, file: Path) -> bool:
    """Upload the image, and create the volume with all that is above it.

    Args:
        client: Where to.
        file: The NIfTI file.

    Returns:
        Whether it was created; False if it was there already.
    """
    if client.volumes.query().filter(F.identifier == SAMPLE).exists():
        return False
    client.resources.create(_resources(file))
    return True


def _resources(file: Path) -> list[ResourceCreate]:
    return [
        DataSourceCreate(
            identifier="datasource/nibabel",
            license=_LICENSE,
            name="Test data of NiBabel",
            description="Images that the Python package nibabel brings for its own tests.",
        ),
        PatientCreate(
            identifier="patient/nibabel/example4d", parent_identifier="datasource/nibabel", license=_LICENSE
        ),
        ImagingStudyCreate(
            identifier="imagingstudy/nibabel/example4d",
            parent_identifier="patient/nibabel/example4d",
            license=_LICENSE,
            modalities=["MR"],
        ),
        VolumeCreate(
            identifier=SAMPLE,
            parent_identifier="imagingstudy/nibabel/example4d",
            license=_LICENSE,
            volume_type="OTHER",
            modality="MR",
            body_part_examined="HEAD",
            image_plane="transversal",
            series_description="24 slices at two times",
            path_nii=file,
        ),
    ]
