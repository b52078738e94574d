"""How tables are written for people: on the console, on a page, in a notebook."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from monerosim.report.figure import Cell, Column, Figure


def headings(columns: Sequence[Column]) -> Iterator[str]:
    """Return the headings of columns, a unit only where the one before it was another."""
    last = ""
    for column in columns:
        yield f"{column.heading} ({column.unit})" if column.unit not in ("", last) else column.heading
        last = column.unit or last


def written(cell: Cell, column: Column) -> str:
    """Return a cell as its column writes it."""
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else format(cell, column.form)


def figures_html(title: str, shown: Iterable[tuple[type[Figure[object]], object]]) -> str:
    """Return figures as HTML, for notebooks: the lines of all, and the table of each.

    Args:
        title: What stands above.
        shown: Figures with their results.
    """
    lines, tables = [], []
    for figure, result in shown:
        for line in figure.lines(result):
            text = ", ".join(phrase.text for phrase in line.phrases)
            lines.append(f"<tr><th>{escape(line.name)}</th><td>{escape(text)}</td></tr>")
        rows = figure.rows(result)
        if rows is not None and rows.rows:
            top = "".join(f"<th>{escape(heading)}</th>" for heading in headings(rows.columns))
            tables.append(f"<h4>{escape(figure.title)}</h4><table><tr>{top}</tr>")
            for row in rows.rows:
                cells = (escape(written(cell, column)) for cell, column in zip(row, rows.columns, strict=True))
                tables.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
            tables.append("</table>")
    return f"<h4>{escape(title)}</h4><table>{''.join(lines)}</table>{''.join(tables)}"
