"""The pages of docs/ that are made from the code: `python -m docs` (or `make docs`) writes them.

Invariant: each page is a pure function of the code and the test corpus; a test compares it with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from docs import generate_cli, generate_errors, generate_rules, generate_sql

FOLDER = Path(__file__).parent / "reference"

PAGES: Mapping[str, Callable[[], str]] = {
    "cli.md": generate_cli.page,
    "errors.md": generate_errors.page,
    "rules-keys.md": generate_rules.page,
    "sql.md": generate_sql.page,
}


def write() -> list[Path]:
    """Write every page; gives those that changed."""
    changed = []
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
