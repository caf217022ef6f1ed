"""Facts in files of Apache ORC: columns compressed with Zstandard, ids as 16 bytes, bloom filters to find ids by.

Lines of CSV become columns, and columns become checksums again, without a Python object for each value: all that is
done row by row is hashing. The library is loaded when it is first needed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any
from uuid import UUID

from notify_core.archive.columns import COLUMNS, NOTHING, SEPARATOR, Column, Kind, checksum_of
from notify_core.archive.model import Tally, UnreadableFile
from notify_core.errors import ConfigurationError

# A file is written and read a stripe at a time, which is some 100,000 rows; and checked a few of them at a time.
_STRIPE_BYTES = 4 * 1024 * 1024
_ROWS_AT_A_TIME = 20_000
_BYTES_OF_ID = 16
_DIGITS_OF_ID = 32
# ORC counts columns from the file itself, which is 0.
_FILTERED = [
    number
    for number, column in enumerate(COLUMNS, start=1)
    if column.kind is Kind.IDENTIFIER or column.name == "reference"
]


class OrcFactFiles:
    """Implements `FactFiles`. Any method may raise ConfigurationError: the library is not installed."""

    def write(self, file: IO[bytes], lines: Iterable[bytes]) -> Tally:
        """Write lines of CSV to the empty file, and tell what was written."""
        arrow = _Arrow()
        total = Tally()
        target = arrow.library.PythonFile(file, mode="w")
        with arrow.orc.ORCWriter(
            target,
            compression="zstd",
            compression_strategy="speed",
            stripe_size=_STRIPE_BYTES,
            bloom_filter_columns=_FILTERED,
        ) as writer:
            writer.write(arrow.table([arrow.empty(column) for column in COLUMNS]))
            for some in lines:
                table = arrow.read_lines(some)
                writer.write(table)
                total += arrow.tally(table)
        return total

    def read(self, file: IO[bytes]) -> Tally:
        """Read the file from its start to its end, and tell what is in it. Raises UnreadableFile."""
        arrow = _Arrow()
        return sum((arrow.tally(rows) for rows in self._tables(arrow, file)), start=Tally())

    def sample(self, file: IO[bytes], limit: int) -> list[Mapping[str, object]]:
        """Return the first rows, by the names of the columns. Raises UnreadableFile."""
        found: list[Mapping[str, object]] = []
        for table in self._tables(_Arrow(), file):
            rows = table.slice(0, limit - len(found)).to_pylist()
            found += [{column.name: _as_python(column, row[column.name]) for column in COLUMNS} for row in rows]
            if len(found) >= limit:
                break
        return found

    def _tables(self, arrow: _Arrow, file: IO[bytes]) -> Iterator[Any]:
        """Yield the file's rows, some at a time."""
        file.seek(0)
        try:
            source = arrow.orc.ORCFile(arrow.library.PythonFile(file, mode="r"))
            if source.schema.names != [column.name for column in COLUMNS]:
                raise UnreadableFile("its columns are not those of facts")
            for number in range(source.nstripes):
                stripe = source.read_stripe(number)
                for start in range(0, stripe.num_rows, _ROWS_AT_A_TIME):
                    yield stripe.slice(start, _ROWS_AT_A_TIME)
        except (arrow.library.ArrowException, OSError) as error:
            raise UnreadableFile(type(error).__name__) from None


class _Arrow:
    """The library, and what is done with its columns."""

    def __init__(self) -> None:
        try:
            import pyarrow as pa
            from pyarrow import compute, csv, orc
        except ImportError:
            raise ConfigurationError(
                "Archiving facts needs pyarrow, which is not installed: install `notify[archive]`"
            ) from None
        self.library: Any = pa
        self.compute: Any = compute
        self.csv: Any = csv
        self.orc: Any = orc

    def empty(self, column: Column) -> Any:
        """Return the column without a value: its type tells a file without rows what its columns are."""
        return self.library.array([], self._stored(column))

    def table(self, columns: list[Any]) -> Any:
        """Return the columns side by side."""
        return self.library.table(columns, names=[column.name for column in COLUMNS])

    def read_lines(self, lines: bytes) -> Any:
        """Return the table that lines of CSV describe."""
        as_read = self.csv.read_csv(
            io.BytesIO(lines),
            read_options=self.csv.ReadOptions(
                column_names=[column.name for column in COLUMNS], use_threads=False, block_size=max(len(lines), 1)
            ),
            parse_options=self.csv.ParseOptions(newlines_in_values=True),
            convert_options=self.csv.ConvertOptions(
                column_types={column.name: self._written(column) for column in COLUMNS},
                null_values=[NOTHING],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        ).combine_chunks()
        return self.table([self._to_store(column, as_read[column.name].combine_chunks()) for column in COLUMNS])

    def tally(self, table: Any) -> Tally:
        """Count the table's rows, and sum their checksums."""
        if table.num_rows == 0:
            return Tally()
        texts = [self._as_text(column, table.column(column.name)) for column in COLUMNS]
        rows = self.compute.binary_join_element_wise(
            *texts, SEPARATOR, null_handling="replace", null_replacement=NOTHING
        )
        as_bytes = rows.cast(self.library.binary())
        return Tally(table.num_rows, sum(map(checksum_of, as_bytes.to_pylist())))

    def _written(self, column: Column) -> Any:
        """Return the type as which a value is read from a line."""
        types = {
            Kind.IDENTIFIER: self.library.string(),
            Kind.WORD: self.library.string(),
            Kind.NUMBER: self.library.int64(),
            Kind.FLAG: self.library.bool_(),
            Kind.MOMENT: self.library.int64(),
            Kind.DAY: self.library.date32(),
        }
        return types[column.kind]

    def _stored(self, column: Column) -> Any:
        """Return the type as which a value is stored."""
        match column.kind:
            case Kind.IDENTIFIER:
                return self.library.binary(_BYTES_OF_ID)
            case Kind.MOMENT:
                return self.library.timestamp("us", "UTC")
            case _:
                return self._written(column)

    def _to_store(self, column: Column, values: Any) -> Any:
        match column.kind:
            case Kind.IDENTIFIER:
                return self._with_nulls_of(values, self._packed(values))
            case Kind.MOMENT:
                return values.cast(self._stored(column))
            case _:
                return values

    def _as_text(self, column: Column, values: Any) -> Any:
        """Return values as they were written down (columns.py)."""
        one = values.combine_chunks() if isinstance(values, self.library.ChunkedArray) else values
        match column.kind:
            case Kind.IDENTIFIER:
                return self._with_nulls_of(one, self._unpacked(one))
            case Kind.MOMENT:
                in_microseconds = one.cast(self.library.timestamp("us", "UTC"))
                return in_microseconds.cast(self.library.int64()).cast(self.library.string())
            case _:
                return one.cast(self.library.string())

    def _packed(self, digits: Any) -> Any:
        """Return ids of 32 digits as 16 bytes each: all at once, for the digits of a column stand side by side."""
        filled = self.compute.fill_null(digits, "0" * _DIGITS_OF_ID)
        packed = bytes.fromhex(self._side_by_side(filled, _DIGITS_OF_ID).decode())
        return self._of_width(packed, _BYTES_OF_ID, len(digits))

    def _unpacked(self, ids: Any) -> Any:
        filled = self.compute.fill_null(ids.cast(self.library.binary()), b"\0" * _BYTES_OF_ID)
        digits = self._side_by_side(filled, _BYTES_OF_ID).hex().encode()
        return self._of_width(digits, _DIGITS_OF_ID, len(ids)).cast(self.library.binary()).cast(self.library.string())

    def _side_by_side(self, values: Any, width: int) -> bytes:
        """Return the bytes of values that all have this width. Raises UnreadableFile when one has not."""
        lengths = self.compute.min_max(self.compute.binary_length(values))
        if lengths["min"].as_py() != width or lengths["max"].as_py() != width:
            raise UnreadableFile("an id has another length than ids have")
        # Of a slice, too: it shares its buffers with what it was cut from.
        start = values.offset * width
        whole: bytes = values.buffers()[2].slice(start, len(values) * width).to_pybytes()
        return whole

    def _of_width(self, together: bytes, width: int, count: int) -> Any:
        buffers = [None, self.library.py_buffer(together)]
        return self.library.FixedSizeBinaryArray.from_buffers(self.library.binary(width), count, buffers)

    def _with_nulls_of(self, values: Any, filled: Any) -> Any:
        """Return `filled` with nulls where `values` has them."""
        return self.compute.if_else(self.compute.is_valid(values), filled, self.library.scalar(None, filled.type))


def _as_python(column: Column, value: Any) -> object:
    return UUID(bytes=value) if column.kind is Kind.IDENTIFIER and value is not None else value
