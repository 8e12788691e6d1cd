"""Every address of a study's files by its street: what an address that is typed is looked up in.

A register asks for its streets all at once, so that of a file no more than these is kept. Who types
asks for one street after another; so all of it is kept, packed, and those of a street taken out.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import feather

from stemgeo.inputs import addresses, cache, placing
from stemgeo.inputs.addresses import fold_street
from stemgeo.inputs.placing import AddressBook, find_near

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from stemgeo.inputs.placing import NearRows

CODE = (__file__, addresses.__file__, placing.__file__)
"""The modules that make an index: what is kept of it depends on them."""

ROWS = ("street", "house_number", "postcode", "municipality", "x", "y")
"""The columns of a book."""

_PACKED = ("street", "postcode", "municipality")
"""Columns in which many rows are alike."""


@dataclass(frozen=True)
class StreetIndex:
    """Addresses with their places, packed.

    Attributes
    ----------
    placed_by
        As of an `AddressBook`.
    table
        Its rows, alike texts once.
    """

    placed_by: str
    table: pa.Table

    @classmethod
    def from_rows(cls, placed_by: str, rows: pd.DataFrame) -> StreetIndex:
        """Pack the rows of a book.

        Parameters
        ----------
        placed_by, rows
            As of an `AddressBook`.
        """
        table = pa.Table.from_pandas(rows[list(ROWS)], preserve_index=False)
        for name in _PACKED:
            at = table.column_names.index(name)
            text = pc.cast(table[name], pa.string()).dictionary_encode()
            table = table.set_column(at, name, text)
        return cls(placed_by, table.combine_chunks())

    @cached_property
    def _keys(self) -> list[str]:
        """What each street is compared by."""
        return [fold_street(one or "") for one in self._streets.dictionary.to_pylist()]

    @property
    def _streets(self) -> pa.DictionaryArray:
        column = self.table["street"].unify_dictionaries().combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            return pa.array([], pa.string()).dictionary_encode()
        return column

    def take_streets(self, wanted: Collection[str]) -> AddressBook:
        """Take the addresses of streets that may be some that are wanted, written as keys."""
        near = find_near(set(wanted), set(self._keys))
        meant = {key for one in near.values() for key in one}
        of_street = np.array([*(key in meant for key in self._keys), False], dtype=np.bool_)
        number = self._streets.indices.to_numpy(zero_copy_only=False)
        rows = self.table.filter(pa.array(of_street[number])).to_pandas()
        text = dict.fromkeys(("street", "house_number", "postcode", "municipality"), str)
        return AddressBook(self.placed_by, rows.astype(text))

    def list_near(self, wanted: Collection[str], towns: gpd.GeoDataFrame) -> NearRows:
        """Give the rows of the streets that may be meant; see `AddressBook.list_near`.

        Parameters
        ----------
        wanted, towns
            As for that.
        """
        return self.take_streets(wanted).list_near(wanted, towns)


def load_index(
    placed_by: str, made_from: object, code: Collection[str], read: Callable[[], pd.DataFrame]
) -> StreetIndex:
    """Take an index from the cache, or make it of rows that are read.

    Parameters
    ----------
    placed_by
        As of an `AddressBook`.
    made_from
        What the rows depend on, fit for JSON.
    code
        Files of the modules that read them.
    read
        Gives the rows of a book.
    """
    place = cache.entry_path("streets-of-addresses", placed_by, made_from, code=[*CODE, *code])
    return cache.load_or_make(
        place,
        lambda: StreetIndex.from_rows(placed_by, read()),
        _save,
        lambda path: StreetIndex(
            placed_by, feather.read_table(io.BytesIO(cache.read_sealed(path)))
        ),
    )


def _save(index: StreetIndex, path: Path) -> None:
    content = io.BytesIO()
    feather.write_feather(index.table, content, compression="lz4")
    cache.write_sealed(content.getvalue(), path)
