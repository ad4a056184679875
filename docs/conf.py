"""The site's settings for Sphinx: `make docs` builds build/site from the Markdown pages. Every warning is an error.

Invariant: a link from a page to a file of the source tree leads to an existing file, or the build fails.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)\)")
CONTENTS = """
```{toctree}
:hidden:
:glob:

tutorial
howto/*
reference/*
explanation/*
adr/*
glossary
```
"""

project = "shardkit"
author = "the shardkit authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["**/*.py"]
html_theme = "furo"
html_title = "shardkit"
html_static_path: list[str] = []
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True


def setup(app: Sphinx) -> None:
    """Connect the hooks."""
    app.connect("source-read", _read)


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    """The page with each link that leaves docs/ shown as its text and the file's name; the first page gets contents."""
    page = ROOT / "docs" / f"{name}.md"

    def shown(found: re.Match[str]) -> str:
        target = (page.parent / found[2]).resolve()
        if target.is_relative_to(ROOT / "docs"):
            return found[0]
        if not target.exists():
            raise FileNotFoundError(f"docs/{name}.md links to {found[2]}, which is not there")
        path = target.relative_to(ROOT).as_posix()
        return found[1] if path in found[1] else f"{found[1]} (`{path}`)"

    source[0] = LINK.sub(shown, source[0]) + (CONTENTS if name == "index" else "")
