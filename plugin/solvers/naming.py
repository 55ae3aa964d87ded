"""Names and numbers in messages: the first few names, and how many more there are; one and many."""

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


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun, ``one`` of it or ``many``, by default the former with an s.

    Examples
    --------
    >>> counted(1, "tour"), counted(0, "tour"), counted(1200, "person", "people")
    ('1 tour', '0 tours', '1,200 people')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def heads(count: int) -> str:
    """Return a number of people.

    Examples
    --------
    >>> heads(1), heads(2)
    ('1 person', '2 people')
    """
    return counted(count, "person", "people")
