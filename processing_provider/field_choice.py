"""Which fields of a layer a field parameter means, and what is said where they are not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from qgis.core import QgsProcessingException, QgsProcessingFeatureSource, QgsProcessingFeedback

from ..plugin.layers.population_fields import recorded_fields
from .identity import NamedAlgorithm

# Fields that hold people: taking none in silence would count everybody wrongly.
PEOPLE_FIELDS = frozenset({"COUNT_FIELD", "POPULATION_FIELDS", "GROUP_FIELDS"})
RECORDED = frozenset({"POPULATION_FIELDS", "GROUP_FIELDS"})  # a layer of people at risk names them itself
ZONE_NAME_FIELD, SHELTER_NAME_FIELD = "ZONE_NAME_FIELD", "SHELTER_NAME_FIELD"
TRAVELLED = {ZONE_NAME_FIELD: "zone_name", SHELTER_NAME_FIELD: "shelter_name"}  # as an earlier step wrote them
_FEATURE_IDS = frozenset({"id", "fid", "ogc_fid"})  # columns that a format adds by itself


@dataclass(frozen=True)
class FieldChoice:
    """The choice for one parameter of an algorithm and the layer it is about.

    Attributes
    ----------
    algorithm : NamedAlgorithm
    name : str
        The parameter.
    source : QgsProcessingFeatureSource
    feedback : QgsProcessingFeedback
        Is told what is taken, and warned.
    """

    algorithm: NamedAlgorithm
    name: str
    source: QgsProcessingFeatureSource
    feedback: QgsProcessingFeedback

    def choose(self, named: list[str] | None, required: bool, fallbacks: Sequence[Sequence[str]]) -> list[str]:
        """Return the fields, in the layer's spelling.

        Parameters
        ----------
        named : list of str or None
            As given; empty where the parameter was emptied, None where it is absent.
        required : bool
            Whether to refuse where there is none.
        fallbacks : lists of str
            Tried after the default names: the first list of which every name exists.

        Raises
        ------
        QgsProcessingException
        """
        default = self.algorithm.default_names(self.name)
        if named == []:
            return self._emptied(required)
        if named and _folded(named) != _folded(default):
            return self._given(named)
        travelled = self._present([TRAVELLED[self.name]]) if self.name in TRAVELLED else []
        if travelled:
            text = self.algorithm.tr("{name}: using the field {field} of “{layer}”.")
            self.feedback.pushInfo(self._words(text, field=", ".join(travelled)))
            return travelled
        if self.name in RECORDED and (recorded := recorded_fields(self.source, self.name)):
            text = self.algorithm.tr("{name}: “{layer}” says itself that its people are in {field}.")
            self.feedback.pushInfo(self._words(text, field=", ".join(recorded)))
            return recorded
        for names in (default, *fallbacks):
            found = self._present(names)
            if found:
                if named and _folded(found) != _folded(default):
                    text = self.algorithm.tr("{name}: “{layer}” does not have {default}; {field} is taken instead.")
                    self.feedback.pushWarning(self._words(text, default=", ".join(default), field=", ".join(found)))
                elif named != found:
                    text = self.algorithm.tr("{name}: using the field {field} of “{layer}”.")
                    self.feedback.pushInfo(self._words(text, field=", ".join(found)))
                return found
        return self._missing(bool(named), default, required)

    def _given(self, named: list[str]) -> list[str]:
        """Return names other than the default ones, which must all be there."""
        there = self.source.fields().names()
        missing = [n for n in named if n not in there]
        if missing:
            text = self.algorithm.tr("{name}: the layer “{layer}” has no field “{field}”. Its fields are: {there}.")
            self._refuse(text, field="”, “".join(missing))
        twice = sorted({n for n in named if named.count(n) > 1})
        if twice:
            text = self.algorithm.tr("{name}: the field “{field}” is named twice. Name each field once.")
            self._refuse(text, field="”, “".join(twice))
        return named

    def _present(self, names: Sequence[str]) -> list[str]:
        """Return the layer's spelling of ``names``, whatever their case, an empty list unless all are there."""
        there = self.source.fields().names()
        found = []
        for wanted in names:
            alike = [wanted] if wanted in there else [n for n in there if n.casefold() == wanted.casefold()]
            if len(alike) > 1:
                text = self.algorithm.tr(
                    "{name}: “{layer}” has the fields “{alike}”, which differ only in case. Name one."
                )
                self._refuse(text, alike="”, “".join(alike))
            found += alike
        return found if len(found) == len(names) else []

    def _missing(self, passed: bool, default: list[str], required: bool) -> list[str]:
        """Handle default names that are not in the layer; ``passed`` on in the parameter, or only meant."""
        numbers, tr = self._numbers(), self.algorithm.tr
        if self.name in RECORDED and self.source.featureCount() == 0:
            return []  # nobody; some formats keep no fields without features
        if required or (passed and numbers):
            text = tr(
                "{name}: choose a field of “{layer}” (none was given and there is none called {default}). Its fields "
                "are: {there}."
            )
            self._refuse(text, default=", ".join(default) or tr("by a default name"))
        if passed:
            text = tr("{name}: “{layer}” has no field “{default}”; it is read without one.")
            self.feedback.pushWarning(self._words(text, default=", ".join(default)))
        else:
            self._warn_of(numbers)
        return []

    def _emptied(self, required: bool) -> list[str]:
        if required:
            text = self.algorithm.tr("{name}: a field of “{layer}” is needed; choose one. Its fields are: {there}.")
            self._refuse(text)
        self._warn_of(self._numbers())
        return []

    def _numbers(self) -> list[str]:
        """Return the numeric fields that could hold the people, where the parameter is about people."""
        if self.name not in PEOPLE_FIELDS:
            return []
        fields = self.source.fields()
        return [f.name() for f in fields if f.isNumeric() and f.name().casefold() not in _FEATURE_IDS]

    def _warn_of(self, numbers: list[str]) -> None:
        if numbers:
            text = self.algorithm.tr(
                "{name}: no field is used, though “{layer}” has {numbers}. Choose the one that holds people."
            )
            self.feedback.pushWarning(self._words(text, numbers=", ".join(numbers)))

    def _refuse(self, text: str, **words: str) -> NoReturn:
        raise QgsProcessingException(self._words(text, there=", ".join(self.source.fields().names()), **words))

    def _words(self, text: str, **words: str) -> str:
        return text.format(name=self.name, layer=self.source.sourceName(), **words)


def _folded(names: Sequence[str]) -> list[str]:
    return [name.casefold() for name in names]
