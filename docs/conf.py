"""How the pages become a site: `make site`, without a network."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
ROOT = HERE.parent

project = "stemgeo"
author = "The stemgeo founders"
copyright = "the stemgeo founders; MIT licence"  # noqa: A001 -- Sphinx's own name
language = "nl"
html_title = "stemgeo"
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
# Its search takes words of both languages whole.
html_search_language = "nl"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["made/README.md"]
suppress_warnings = ["myst.header"]  # the data dictionary has levels of its own

# The notebooks come as `make notebooks` left them, run; nothing is run here.
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
autodoc_typehints = "none"  # the docstrings say it in words
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other libraries
autodoc_member_order = "bysource"
napoleon_use_rtype = False


def bring_notebooks(_: Sphinx) -> None:
    """Lay the notebooks that were run among the pages; without them, as they are in git."""
    ran, written, made = ROOT / "out" / "notebooks", ROOT / "notebooks", HERE / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    for path in sorted(written.glob("[0-9]*.ipynb")):
        shutil.copy(ran / path.name if (ran / path.name).exists() else path, made / path.name)


DUTCH = re.compile(r"index|start|handleiding/.*|kookboek|notebooks|made/.*|search|genindex")
"""The pages in Dutch, by name; the others are in English."""


def name_language(_: Sphinx, page: str, __: str, context: dict[str, Any], ___: object) -> None:
    """Say the language of a page, for who listens to it and for who translates it."""
    context["language"] = "nl" if DUTCH.fullmatch(page) else "en"


READABLE = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="stemgeo">',
    '<aside class="toc-drawer': '<aside aria-label="#" class="toc-drawer',
    '<div id="search-results">': '<h1>Zoeken</h1><div id="search-results">',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
}
"""What the theme lacks for who reads by ear or by keyboard (axe-core finds it), and what has it."""


def make_readable(app: Sphinx, failed: Exception | None) -> None:
    """Let everyone reach everything on the pages."""
    for path in () if failed else Path(app.outdir).rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        for lacking, whole in READABLE.items():
            page = page.replace(lacking, whole)
        path.write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Hook in what is ours."""
    app.connect("builder-inited", bring_notebooks)
    app.connect("html-page-context", name_language)
    app.connect("build-finished", make_readable)
