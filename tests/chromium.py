"""A Chromium of this machine, for tests that open a page; spoken to through pipes, not sockets."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from stemgeo.maps import statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

_NAMES = (
    "chromium-headless-shell",  # the same without windows: half of the processor time
    *("chromium", "chromium-browser", "google-chrome", "chrome"),
)
_QUIET = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--force-color-profile=srgb"),
    "--disable-gpu",  # no card is imitated where there is none: that takes longer than to draw
)


@contextmanager
def run_chromium(opens: str, *args: str, patience_ms: float) -> Iterator[Browser]:
    """Run it; with CI=true its absence is a failure, elsewhere a skip that says what it `opens`."""
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        reason = f"no Chromium on this machine: install it to open {opens} in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found, args=[*_QUIET, *args], timeout=patience_ms
        )
        yield running
        running.close()


def find_barriers(tab: Page, **options: bool) -> list[str]:
    """What axe finds against WCAG 2.1 A and AA and good practice, as the page stands now."""
    axe = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    version: str = tab.evaluate(f"window.axe || {axe}; axe.version")
    assert version == statement.AXE
    found: list[str] = tab.evaluate(
        """async (options) => (await axe.run(options)).violations.flatMap(({ id, nodes }) => (
        nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(" | "))))""",
        options,
    )
    return found
