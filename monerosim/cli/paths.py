"""Directories that a command is given: of one that is not there, the nearest is named."""

import os
from pathlib import Path

import click


class FolderPath(click.Path):
    """A directory that has to be there, such as a run's."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Return the path.

        Raises:
            click.BadParameter: There is no such directory; the message names the nearest, if there is one.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            from monerosim.scenario.load import near_path  # noqa: PLC0415  (most paths are right)

            near = near_path(Path(value))
            if near is None or not near.is_dir():
                raise
            raise click.BadParameter(f'{error.message} Did you mean "{near}"?', ctx, param) from error
