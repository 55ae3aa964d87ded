"""Names in messages: the first few, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence

NAMED_IN_LOG = 10


def first_of(names: Sequence[str], separator: str = ", ", brackets: bool = False) -> str:
    """Return the first ten names as one text, and how many more there are, if wanted in ``brackets``.

    Examples
    --------
    >>> first_of(["a", "b"])
    'a, b'
    >>> first_of("abcdefghijklm", separator="")
    'abcdefghij and 3 more'
    >>> first_of("abcdefghijklm", separator="", brackets=True)
    'abcdefghij (and 3 more)'
    """
    more = f"and {len(names) - NAMED_IN_LOG} more" if len(names) > NAMED_IN_LOG else ""
    tail = (f" ({more})" if brackets else f" {more}") if more else ""
    return separator.join(names[:NAMED_IN_LOG]) + tail
