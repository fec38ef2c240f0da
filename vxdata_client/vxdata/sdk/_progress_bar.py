"""Progress bars: text in terminals, and widgets in notebooks that have them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from tqdm.auto import tqdm


def progress_bar(
    title: str, *, shown: bool, total: float | None = None, delay: float = 0, **form: Any
) -> tqdm[NoReturn]:
    """Make a bar.

    Args:
        title: What is done.
        shown: Whether to show the bar at all.
        total: What there is to do; None if that is not known yet.
        delay: Seconds after which it is shown.
        **form: Unit and the like, as tqdm takes them.

    Returns:
        The bar, to be updated and closed.
    """
    from tqdm import TqdmWarning  # noqa: PLC0415 - for what takes long

    with warnings.catch_warnings():
        # In a notebook without widgets it warns, and then shows text, which is all that there is to do.
        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.auto import tqdm  # noqa: PLC0415
    return tqdm(desc=title, total=total, disable=not shown, delay=delay, **form)


def set_total(bar: tqdm[NoReturn], total: float | None) -> None:
    """State or correct what there is to do.

    Args:
        bar: The bar.
        total: What there is to do; None if that is not known.
    """
    bar.total = total
    widget = getattr(bar, "container", None)
    if widget is not None and total is not None:
        # tqdm makes a narrow widget for an unknown total, and does not see that it becomes known.
        _, filled, _ = widget.children
        filled.max, filled.bar_style, filled.layout.width = total, "", None
