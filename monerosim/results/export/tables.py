"""Tables as CSV, for R and for spreadsheets."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from monerosim.runs import Run


def export_csv(run: Run, directory: Path) -> None:
    """Write each table as ``NAME.csv``; null is an empty field.

    Raises:
        RunError: The tables cannot be made.
        OSError: They cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, table in run.tables.items():
        file = pq.ParquetFile(table.path)
        schema = pa.schema([_plain(field) for field in file.schema_arrow])
        with pa_csv.CSVWriter(directory / f"{name}.csv", schema) as writer:
            for batch in file.iter_batches():
                writer.write(batch.cast(schema))


def _plain(field: pa.Field) -> pa.Field:
    """Return a column's field without a dictionary, which CSV does not have."""
    return pa.field(field.name, field.type.value_type) if pa.types.is_dictionary(field.type) else field
