"""Strategies of regular expressions that mean the same to PostgreSQL and, by `python_pattern`, to Python."""

# ruff: noqa: RUF001 - letters that look like others are the point

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

LETTERS: Final = tuple("abkKsSiIİıſΣσςéÉäßx .'%_\n🩻")
CLASSES: Final = ("[ab]", "[^a]", "[ aÄ]", "[0-9]", "[^0-9x]")
ESCAPED: Final = (r"\.", r"\\", r"\$", r"\[", r"\+")
QUANTIFIERS: Final = ("", "*", "+", "?", "{2}", "{1,2}", "{0}")

_atoms = st.sampled_from((*LETTERS, ".", *CLASSES, *ESCAPED, "(a|b)", "(K|ä|)"))
_pieces = st.builds("{}{}".format, _atoms, st.sampled_from(QUANTIFIERS))


def _anchored(body: str, begins: bool, ends: bool) -> str:  # noqa: FBT001 - filled in by a strategy
    return f"{'^' if begins else ''}{body}{'$' if ends else ''}"


patterns = st.builds(
    _anchored, st.lists(_pieces, min_size=1, max_size=4).map("".join), st.booleans(), st.booleans()
)
