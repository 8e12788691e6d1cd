"""The commands that bring data here: the only ones that speak to a server."""

from __future__ import annotations

import typer

fetch_app = typer.Typer(
    help="Bring open data into a folder, each file with its source, date and licence.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@fetch_app.callback()
def fetch_command() -> None:
    """Bring open data into a folder, each file with its source, date and licence."""
