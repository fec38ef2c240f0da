"""A slice of an image as text, for a terminal. It needs nibabel, which the extra `idc` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import nibabel
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SHADES: Final = " .:-=+*#%@"
"""Characters of a terminal without colours, from dark to bright."""

_GREYS: Final = 24
_FIRST_GREY: Final = 232
"""The greys of a terminal with 256 colours: how many there are, and the number of the darkest."""


def middle_slice(file: Path) -> NDArray[np.float64]:
    """Read the middle transversal slice of a NIfTI file, at its first time.

    Args:
        file: The file, of three or four dimensions.

    Returns:
        The pixels as rows: anterior is up, and the patient's right is on the left of the picture.
    """
    image = nibabel.as_closest_canonical(nibabel.load(file))  # type: ignore[no-untyped-call] # nibabel's lack
    voxels = np.asanyarray(image.dataobj, dtype=np.float64)
    volume = voxels if voxels.ndim == 3 else voxels[..., 0]  # noqa: PLR2004 - the dimensions of space
    return np.rot90(volume[::-1, :, volume.shape[2] // 2])


def as_text(pixels: NDArray[np.float64], columns: int, *, has_colours: bool) -> str:
    """Draw square pixels with characters, each about twice as high as it is wide.

    Args:
        pixels: The rows, in any unit.
        columns: Characters of a line.
        has_colours: Whether the terminal shows 256 colours and the upper half block.

    Returns:
        The lines.
    """
    height, width = pixels.shape
    rows = max(1, round(columns * height / width / 2))
    if not has_colours:
        levels = _levels(_resized(pixels, rows, columns), len(SHADES))
        return "\n".join("".join(SHADES[level] for level in line).rstrip() for line in levels)
    greys = _FIRST_GREY + _levels(_resized(pixels, 2 * rows, columns), _GREYS)
    return "\n".join(
        "".join(f"\x1b[38;5;{upper};48;5;{lower}m▀" for upper, lower in zip(*pair, strict=True)) + "\x1b[0m"
        for pair in zip(greys[::2], greys[1::2], strict=True)
    )


def _resized(pixels: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Take the pixel at the middle of each cell."""
    height, width = pixels.shape
    down = ((np.arange(rows) + 0.5) * height / rows).astype(int)
    across = ((np.arange(columns) + 0.5) * width / columns).astype(int)
    return pixels[np.ix_(down, across)]


def _levels(pixels: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Divide values into levels of equal width, whatever the few darkest and brightest are."""
    low, high = np.percentile(pixels, (1, 99))
    share = (pixels - low) / max(high - low, np.finfo(float).tiny)
    levels: NDArray[np.int64] = np.clip(share * count, 0, count - 1).astype(np.int64)
    return levels
