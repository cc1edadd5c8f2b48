"""Print a page as PDF by a headless browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from leadmill.errors import InputError, LeadmillError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 120
# Loopback and files only: a report needs no network, and a browser's own calls home have no place in it.
_FLAGS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"),
    *(
        "--disable-component-update",
        "--disable-quic",
        "--no-pdf-header-footer",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ),
)


def browser() -> str:
    """Return the browser to print with: `LEADMILL_CHROMIUM`, else the first of `BROWSERS` on the path.

    Raises:
        InputError: there is none.
    """
    for name in (os.environ.get("LEADMILL_CHROMIUM"), *BROWSERS):
        found = name and shutil.which(name)
        if found:
            return found
    raise InputError(
        "a PDF needs Chromium or Chrome, and none was found; install one (Debian: apt-get install chromium) or name it "
        "in LEADMILL_CHROMIUM, or open the HTML in any browser and print it"
    )


def print_pdf(page: Path, out: Path) -> None:
    """Write an HTML file as PDF.

    Raises:
        InputError: there is no browser.
        LeadmillError: the browser failed, or took longer than `SECONDS`.
    """
    command = browser()
    with tempfile.TemporaryDirectory() as profile:
        # Chromium refuses its sandbox to root, as whom containers often run.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        arguments = [*_FLAGS, *sandbox, f"--user-data-dir={profile}", f"--print-to-pdf={out.resolve()}"]
        try:
            done = subprocess.run(  # noqa: S603
                [command, *arguments, page.resolve().as_uri()],
                check=False,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise LeadmillError(f"{command} did not print {page} within {SECONDS} seconds") from error
    if done.returncode or not out.exists():
        raise LeadmillError(
            f"{command} could not print {page} (status {done.returncode}): {done.stderr.strip()[-500:]}"
        )
