"""Passwords and keys in sources and parameters, which no file, table or log may keep."""

from __future__ import annotations

import re
from typing import Any

_NAMES = (
    "password|passwd|passphrase|pwd|pass|sslpassword|secret|token|access_token|apikey|api_key|access_key|secret_key"
)
_QUOTED = r"'(?:\\.|''|[^'\\])*(?:'|$)|\"(?:\\.|[^\"\\])*(?:\"|$)"
_LIBPQ = r"(?:\\.|(?!\|layer)[^\s\\])*"  # ends at a space; a backslash escapes one
_OTHER = r"[^\s&;|]*"
_OF_DATABASE = re.compile(r"(?:^|\s)(?:dbname|service|host)\s*=|^PG:", re.IGNORECASE)
_PAIRS = {
    libpq: re.compile(rf"\s*(?<![\w-])(?:{_NAMES}|(?<=[?&])key)\s*=\s*(?:{_QUOTED}|{value})", re.IGNORECASE)
    for libpq, value in ((True, _LIBPQ), (False, _OTHER))
}
_IN_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://[^/\s:@'\"]*):[^/\s'\"]*@", re.IGNORECASE)
_ORACLE = re.compile(r"((?:OCI|georaster|geor):[^/@\s]*)/[^@\s]*(@|$)", re.IGNORECASE)
_NAME = re.compile(rf"(?:.*[_-])?(?:{_NAMES})", re.IGNORECASE)


def without_passwords(text: str) -> str:
    r"""Return a layer's source without its passwords and keys; what identifies it otherwise stays.

    Examples
    --------
    >>> without_passwords("dbname='city' user='ann' password='it\\'s' key='id' table=\"roads\" (geom)")
    'dbname=\'city\' user=\'ann\' key=\'id\' table="roads" (geom)'
    >>> without_passwords("postgres://ann:pw@host/city")
    'postgres://ann@host/city'
    >>> without_passwords("MSSQL:server=a;UID=ann;PWD=pw;DATABASE=b")
    'MSSQL:server=a;UID=ann;;DATABASE=b'
    """
    database = bool(_OF_DATABASE.search(text))
    text = _ORACLE.sub(r"\1\2", _IN_ADDRESS.sub(r"\1@", text))
    return _PAIRS[database].sub("", text).strip()


def has_password(text: str) -> bool:
    """Whether :func:`without_passwords` takes something from a source."""
    return without_passwords(text) != text.strip()


def tree_without_passwords(value: Any) -> Any:
    """Return JSON (dict, list, text, ...) without passwords, neither in texts nor under names that speak of them.

    Examples
    --------
    >>> tree_without_passwords({"ROADS": ["postgres://a:b@h/d"], "PASSWORD": "b", "SEED": 1})
    {'ROADS': ['postgres://a@h/d'], 'PASSWORD': None, 'SEED': 1}
    """
    if isinstance(value, dict):
        return {
            name: None if isinstance(one, str) and _NAME.fullmatch(str(name)) else tree_without_passwords(one)
            for name, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [tree_without_passwords(one) for one in value]
    return without_passwords(value) if isinstance(value, str) else value
