"""Charts that are text: Mermaid's, which code hosts draw where a document has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def chart(title: str, x: tuple[str, Sequence[object]], y: str, lines: Mapping[str, Sequence[float]]) -> str:
    """Return a chart in a fence of Markdown: `x` is what goes to the right and its values, `y` what goes up.

    Mermaid draws no legend: the names of the lines stand below, the one that ends highest first.

    >>> print(chart("Growth", ("rows", [1, 2]), "s", {"a": [1, 2], "b": [0.5, 4]}))
    ```mermaid
    xychart-beta
        title "Growth"
        x-axis "rows" ["1", "2"]
        y-axis "s" 0 --> 4
        line [1, 2]
        line [0.5, 4]
    ```
    <BLANKLINE>
    At the right, from the top: b, a.
    """
    name, values = x
    highest = max(value for line in lines.values() for value in line)
    labels = ", ".join(f'"{_short(value)}"' for value in values)
    drawn = [f"    line [{', '.join(f'{value:g}' for value in line)}]" for line in lines.values()]
    names = sorted(lines, key=lambda line: lines[line][-1], reverse=True)
    return "\n".join(
        [
            "```mermaid",
            "xychart-beta",
            f'    title "{title}"',
            f'    x-axis "{name}" [{labels}]',
            f'    y-axis "{y}" 0 --> {highest:g}',
            *drawn,
            "```",
            "",
            f"At the right, from the top: {', '.join(names)}.",
        ]
    )


def _short(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
