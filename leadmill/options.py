"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

sources_option = click.option(
    "--sources",
    "sources_path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="LEADMILL_SOURCES",
    default=Path("sources.yml"),
    show_default=True,
    help="Sources file.",
)
home_option = click.option(
    "--home", "home_path", type=click.Path(path_type=Path, file_okay=False), help="Data home [LEADMILL_HOME, ./data]."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
