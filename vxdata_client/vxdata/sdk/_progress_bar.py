"""Bars that fit where a program runs: a widget in a notebook that has ipywidgets, characters elsewhere."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NoReturn

    from tqdm.auto import tqdm


def progress_bar(**options: Any) -> tqdm[NoReturn]:
    """Make a bar.

    Args:
        options: Those of tqdm.

    Returns:
        The bar, which is shown unless it is disabled or delayed.
    """
    # Imported here, since few programs wait long enough for a bar.
    with warnings.catch_warnings():
        # Bars of characters do for a notebook without ipywidgets, and many show none at all.
        warnings.filterwarnings("ignore", message="IProgress not found")
        from tqdm.auto import tqdm  # noqa: PLC0415
    return tqdm(**options)
