"""Sources in PostgreSQL: in a fixed order, with the numbers that their rows have there, and read to the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import le, methodcaller
from typing import Any

from qgis.core import (
    QgsDataProvider,
    QgsDataSourceUri,
    QgsExpression,
    QgsFeature,
    QgsFeatureIterator,
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProviderConnectionException,
    QgsProviderRegistry,
    QgsVectorLayer,
    QgsWkbTypes,
)

from .database import PROVIDER, DatabaseError, place_of
from .database_tables import from_clause
from .destinations import input_layer

_WHOLE = frozenset({"int2", "int4", "int8"})
_SORTED = _WHOLE | {"text", "varchar", "uuid"}  # by a server as by Python
_ROW = "evacuation_row"
_COUNTED = "SELECT count(*) FROM {table}{where}"
_NUMBERED = "(SELECT *, row_number() OVER (ORDER BY {order})::integer AS {row} FROM {table})"


@dataclass(frozen=True)
class DatabaseRows:
    """What is known of a source in PostgreSQL besides its features.

    A server gives rows as they lie, which changes with every update: they are put into the order of their key.

    Attributes
    ----------
    layer : QgsVectorLayer
    parameter : str
    keys : tuple of int
        Positions of the fields that are the key.
    kinds : tuple of str
        Their types.
    selected : bool
    most : int or None
        As the user limited the source.
    filtered : bool
        Whether an expression does, so that the number of rows is not known.
    """

    layer: QgsVectorLayer
    parameter: str
    keys: tuple[int, ...]
    kinds: tuple[str, ...]
    selected: bool = False
    most: int | None = None
    filtered: bool = False

    @property
    def whole(self) -> bool:
        """Whether the key is one whole number, which is then what a row is called."""
        return len(self.kinds) == 1 and self.kinds[0] in _WHOLE

    def iterator(self, request: QgsFeatureRequest) -> QgsFeatureIterator | None:
        """Return the features by another way than the layer's own where that is quicker, else None.

        QGIS keeps a list of keys that are not whole numbers of 32 bits, at several times the cost of reading the rows.
        Where fields are asked for by their places, a query that numbers the rows spares it; its number comes last.
        """
        plain = not (self.selected or self.filtered or self.most is not None or self.layer.isEditable())
        numbered = self.kinds in ((), ("int2",), ("int4",))
        by_place = request.flags() & QgsFeatureRequest.Flag.SubsetOfAttributes
        if numbered or not (plain and by_place and _SORTED.issuperset(self.kinds)):
            return None
        if self.layer.fields().names() != self.layer.dataProvider().fields().names():
            return None  # joined or worked out by QGIS
        uri = QgsDataSourceUri(self.layer.source())
        names = [QgsExpression.quotedColumnRef(self.layer.fields().at(place).name()) for place in self.keys]
        by = ", ".join(n if kind in _WHOLE else f'{n}::text COLLATE "C"' for n, kind in zip(names, self.kinds))
        query = _NUMBERED.format(order=by, row=_ROW, table=from_clause(uri))
        uri.setDataSource("", query, uri.geometryColumn(), uri.sql(), _ROW)
        uri.setParam("checkPrimaryKeyUnicity", "0")
        uri.setUseEstimatedMetadata(True)  # the kind of shapes is known; looking for it would read all rows once more
        quick = QgsVectorLayer(uri.uri(False), self.layer.name(), PROVIDER)
        if not quick.isValid() or quick.fields().names()[:-1] != self.layer.fields().names():
            return None
        return quick.getFeatures(request)

    def ask_for_key(self, request: QgsFeatureRequest) -> None:
        """Have the fields of the key come along where rows do not bear its number anyhow."""
        if self.key_of() is not None and request.flags() & QgsFeatureRequest.Flag.SubsetOfAttributes:
            request.setSubsetOfAttributes(sorted({*request.subsetOfAttributes(), *self.keys}))

    def key_of(self) -> Callable[[QgsFeature], Any] | None:
        """Return what gives a row's key; None where rows have none, or QGIS numbers them by it.

        Keys of 64 bits QGIS numbers anew, in the order in which it meets them.
        """
        if self.kinds in ((), ("int2",), ("int4",)):
            return None
        if len(self.keys) == 1 and self.kinds[0] in _SORTED:
            return methodcaller("attribute", self.keys[0])
        return lambda feature: tuple(_sortable(feature.attribute(place)) for place in self.keys)

    def order(self, keys: Sequence[Any]) -> list[int] | None:
        """Return the positions of keys in ascending order; None where they are so already, or there is no key."""
        try:
            if not self.keys or all(map(le, keys, islice(keys, 1, None))):
                return None
            return sorted(range(len(keys)), key=keys.__getitem__)
        except TypeError:  # the key of a view may be empty
            return sorted(range(len(keys)), key=lambda k: str(keys[k]))

    def expected(self) -> int | None:
        """Return how many rows the source has, asked of the server before they are read; None where nobody knows.

        Raises
        ------
        DatabaseError
            When the server does not answer.
        """
        if self.filtered:
            return None
        if self.selected:
            return int(self.layer.selectedFeatureCount())
        count = _count(QgsDataSourceUri(self.layer.source()))
        if count is None:
            place = place_of(QgsDataSourceUri(self.layer.source()))
            raise DatabaseError(f"{self._about}: {place} does not answer any more. Try again when it does.")
        edits = self.layer.editBuffer()
        if edits is not None:
            count += len(edits.addedFeatures()) - len(edits.deletedFeatureIds())
        return count if self.most is None else min(count, self.most)

    def refuse_incomplete(self, count: int, expected: int | None) -> None:
        """Compare the rows that came with those that were expected.

        Raises
        ------
        DatabaseError
            When there are more or fewer: a broken connection looks to QGIS like the end of the table.
        """
        if expected is not None and expected != count:
            raise DatabaseError(
                f"{self._about}: {count} of {expected} rows came: the connection broke, or the table was changed while "
                f"it was read. Run it again."
            )

    @property
    def _about(self) -> str:
        return f"{self.parameter}: “{self.layer.name()}”"


def _count(uri: QgsDataSourceUri) -> int | None:
    """Return how many rows a provider string has for QGIS, None where the server does not answer."""
    if uri.wkbType() == QgsWkbTypes.Type.Unknown and not uri.srid():
        where = f" WHERE ({uri.sql()})" if uri.sql() else ""
        metadata = QgsProviderRegistry.instance().providerMetadata(PROVIDER)
        try:
            asked = _COUNTED.format(table=from_clause(uri), where=where)
            return int(metadata.createConnection(uri.uri(False), {}).executeSql(asked)[0][0])
        except QgsProviderConnectionException:
            return None
    uri.setUseEstimatedMetadata(False)  # QGIS leaves out shapes of other kinds and systems than these
    uri.setParam("checkPrimaryKeyUnicity", "0")
    options = QgsDataProvider.ProviderOptions()
    provider = QgsProviderRegistry.instance().createProvider(PROVIDER, uri.uri(False), options)
    if provider is None or not provider.isValid() or provider.featureCount() < 0:
        return None
    return int(provider.featureCount())


def _sortable(value: Any) -> Any:
    """Return a value of a key as it is where all its likes can be compared, else as text."""
    return value if isinstance(value, (int, str)) else str(value)


def database_rows(value: Any, parameter: str, context: QgsProcessingContext) -> DatabaseRows | None:
    """Return what is known of an input's source in PostgreSQL; None where it is not there."""
    layer = input_layer(value, context)
    if not isinstance(layer, QgsVectorLayer) or layer.providerType() != PROVIDER:
        return None
    keys = tuple(layer.primaryKeyAttributes())
    kinds = tuple(layer.fields().at(place).typeName() for place in keys)
    if not isinstance(value, QgsProcessingFeatureSourceDefinition):
        return DatabaseRows(layer, parameter, keys, kinds)
    return DatabaseRows(
        layer,
        parameter,
        keys,
        kinds,
        value.selectedFeaturesOnly,
        value.featureLimit if value.featureLimit > 0 else None,
        bool(getattr(value, "filterExpression", "")),
    )
