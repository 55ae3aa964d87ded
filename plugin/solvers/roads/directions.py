"""The direction field of a road layer: OpenStreetMap's values, the user's own, and the codings of other makers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .osm import Values, plain_text

FORWARD, BACKWARD, BOTH, CLOSED = 0, 1, 2, 3
UNKNOWN = -1
WORDS = ("in the drawn direction", "against the drawn direction", "both ways", "closed")

_ONEWAY = {
    "yes": FORWARD,
    "true": FORWARD,
    "1": FORWARD,
    "-1": BACKWARD,
    "reverse": BACKWARD,
    "no": BOTH,
    "false": BOTH,
    "0": BOTH,
    "reversible": BOTH,
    "alternating": BOTH,
}
_CHANGING = ("reversible", "alternating")
_NUMERAL = re.compile(r"[+-]?\d+(\.\d+)?")


class Coding(NamedTuple):
    """One maker's values; it can be meant only where the column has all the values of one of the sets ``signs``."""

    meaning: dict[str, int]
    signs: tuple[frozenset[str], ...]


def _signs(*sets: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(words.split()) for words in sets)


_WORDS = {
    **dict.fromkeys(
        ("both", "both directions", "both ways", "bothdirections", "two way", "two-way", "twoway", "bidirectional",
         "double sens"), BOTH),
    **dict.fromkeys(
        ("forward", "with", "with digitized direction", "with digitised direction", "same direction", "indirection",
         "positive", "from-to", "from to", "sens direct", "one way", "one-way", "oneway"), FORWARD),
    **dict.fromkeys(
        ("backward", "backwards", "against", "against digitized direction", "against digitised direction",
         "opposite direction", "inoppositedirection", "negative", "to-from", "to from", "sens inverse"), BACKWARD),
}  # fmt: skip
# F and T alone may be "false" and "true", N alone "no" or "closed": a coding needs values that only it has.
CODINGS = (
    Coding({"f": FORWARD, "t": BACKWARD, "b": BOTH, "n": CLOSED}, _signs("b")),  # from and to node: HERE
    Coding({"ft": FORWARD, "tf": BACKWARD, "b": BOTH, "n": CLOSED}, _signs("ft", "tf")),  # TomTom, Esri
    Coding({"f": FORWARD, "r": BACKWARD, "b": BOTH}, _signs("b", "f r")),  # forward, reverse
    Coding({"h": FORWARD, "t": BACKWARD, "b": BOTH}, _signs("b", "h t")),  # heen, terug: NWB
    Coding({"p": FORWARD, "n": BACKWARD, "b": BOTH}, _signs("b")),  # positive, negative
    Coding({"y": FORWARD, "n": BOTH}, _signs("y")),
    Coding(_WORDS, tuple(frozenset([word]) for word in _WORDS)),
)


@dataclass(frozen=True)
class DirectionRule:
    """How a direction field is read.

    Attributes
    ----------
    value_forward, value_backward, value_both : str
        The field's values for the three directions; empty where not given. Where one is given other makers' codings
        are not looked for.
    default : int
        0 forward, 1 backward, 2 both: for everything else.
    osm : bool
        Whether OpenStreetMap's words are understood besides; its numbers (1, 0, -1) only where no number is given.
    """

    value_forward: str = ""
    value_backward: str = ""
    value_both: str = ""
    default: int = BOTH
    osm: bool = True

    def given(self) -> dict[str, int]:
        """Return the user's own values and what they mean."""
        pairs = ((self.value_both, BOTH), (self.value_backward, BACKWARD), (self.value_forward, FORWARD))
        return {text: code for text, code in pairs if text}

    def meaning(self, texts: Sequence[str]) -> tuple[dict[str, int], bool]:
        """Return what each text of a column means, and whether that is another maker's coding.

        Texts that are not understood are left out; empty ones, too.
        """
        texts = [text for text in texts if text]
        given = self.given()
        if given:
            numbers = not any(map(_NUMERAL.fullmatch, given))
            return {**(self._osm(texts, numbers) if self.osm else {}), **_picked(texts, given)}, False
        words = {text.lower() for text in texts}
        if words <= set(_ONEWAY):
            return self._osm(texts, True), False
        fits = [c for c in CODINGS if words <= set(c.meaning) and any(sign <= words for sign in c.signs)]
        readings = [{word: coding.meaning[word] for word in words} for coding in fits]
        if readings and all(reading == readings[0] for reading in readings):
            return {text: readings[0][text.lower()] for text in texts}, True
        numbers = not any(_NUMERAL.fullmatch(word) and word not in _ONEWAY for word in words)
        return self._osm(texts, numbers), False

    @staticmethod
    def _osm(texts: Sequence[str], numbers: bool) -> dict[str, int]:
        """Return what OpenStreetMap's values mean; numbers belong to another coding where one is not its own."""
        return {
            text: _ONEWAY[text.lower()]
            for text in texts
            if text.lower() in _ONEWAY and (numbers or not _NUMERAL.fullmatch(text))
        }


def _picked(texts: Sequence[str], meaning: dict[str, int]) -> dict[str, int]:
    return {text: meaning[text] for text in texts if text in meaning}


@dataclass(frozen=True)
class Directions:
    """The roads' directions.

    Attributes
    ----------
    code : (r,) int8
        0 forward, 1 backward, 2 both, 3 closed both ways.
    unknown : (r,) bool
        Roads whose value is not understood; they have the default.
    warnings, notes : list of str
        For the log.
    """

    code: np.ndarray
    unknown: np.ndarray
    warnings: list[str]
    notes: list[str]


def read_directions(
    count: int, values: Sequence[Any] | None, rule: DirectionRule, one_way: np.ndarray | None = None
) -> Directions:
    """Read the direction column of ``count`` roads, None where there is none.

    Parameters
    ----------
    one_way : (r,) bool, optional
        Roads that are one-way in the drawn direction where they have no value of their own.
    """
    implied = np.zeros(count, dtype=bool) if one_way is None else one_way
    if values is None:
        code = np.where(implied, FORWARD, rule.default).astype(np.int8)
        return Directions(code, np.zeros(count, dtype=bool), [], _implied(implied))
    column = Values(values)
    texts = [plain_text(value) for value in column.different]
    meaning, coded = rule.meaning(texts)
    code = column.each(lambda value: meaning.get(plain_text(value), UNKNOWN), np.int8)
    empty = column.each(lambda value: not plain_text(value), np.bool_)
    unknown = (code == UNKNOWN) & ~empty
    warnings: list[str] = []
    notes = _implied(empty & implied)
    if coded:
        said = ", ".join(f"“{text}” {WORDS[code]}" for text, code in sorted(meaning.items()))
        notes.append(f"Directions are read as {said}.")
    if unknown.any():
        word = ("forward", "backward", "both directions")[rule.default]
        warnings.append(
            f"{int(unknown.sum())} road(s) have a direction that is not understood "
            f"(“{'”, “'.join(column.texts(unknown)[:5])}”): the default direction, {word}, taken. Say what the values "
            "mean in VALUE_FORWARD, VALUE_BACKWARD and VALUE_BOTH."
        )
    changing = column.each(lambda value: plain_text(value).lower() in _CHANGING, np.bool_)
    changing &= column.each(lambda value: plain_text(value) not in rule.given(), np.bool_) & ~unknown
    if changing.any():
        warnings.append(
            f"{int(changing.sum())} road(s) change direction with the time (reversible): taken as open both ways."
        )
    code = np.where(empty & implied, FORWARD, np.where(code == UNKNOWN, rule.default, code))
    return Directions(code.astype(np.int8), unknown, warnings, notes)


def _implied(roads: np.ndarray) -> list[str]:
    if not roads.any():
        return []
    return [f"{int(roads.sum())} motorway(s) and roundabout(s) without a direction of their own are one-way, as drawn."]
