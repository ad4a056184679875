"""The documents stay in step: links lead somewhere, commands exist, and what the walkthroughs promise happens.

Python blocks are run. A walkthrough is a page whose code blocks are run as a reader would: blocks that begin with a
file's name are written, `shardkit …` and `python …` lines of shell blocks are run in order, and the page's `text`
blocks are what the Python programs print.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from docs.pages import FOLDER
from docs.pages import PAGES as PAGES_MADE
from shardkit.cli import main
from tests.architecture.source import ROOT, label

PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"(?:#|--) ([\w-]+\.\w+)\n")
COMMAND = re.compile(r"\bshardkit ([a-z]+)\b(?= RULES| rules\.yaml)")


class Block(NamedTuple):
    """One fenced block of a page."""

    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page in order."""
    return [Block(*found) for found in FENCE.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_names_every_command_and_no_other() -> None:
    assert isinstance(main, click.Group)
    assert set(COMMAND.findall((ROOT / "README.md").read_text(encoding="utf-8"))) == set(main.commands)


WALKTHROUGHS = [page for page in PAGES if any(FILE_NAME.match(block.text) for block in blocks(page))]
SNIPPETS = [page for page in PAGES if page not in WALKTHROUGHS and any(b.language == "python" for b in blocks(page))]


@pytest.mark.parametrize("page", SNIPPETS, ids=label)
def test_snippets_run(page: Path, tmp_path: Path) -> None:
    """The Python blocks of a page, one after another, over four embedded databases; see run_page.py."""
    source = "\n".join(block.text for block in blocks(page) if block.language == "python")
    (tmp_path / "page.py").write_text(source, encoding="utf-8")
    _run(["python", str(ROOT / "tests" / "architecture" / "run_page.py"), "page.py"], tmp_path)


@pytest.mark.parametrize("page", WALKTHROUGHS, ids=label)
def test_a_walkthrough_does_what_it_says(page: Path, tmp_path: Path) -> None:
    found = blocks(page)
    for block in found:
        if name := FILE_NAME.match(block.text):
            (tmp_path / name[1]).write_text(block.text, encoding="utf-8")
    lines = [line for block in found if block.language == "sh" for line in block.text.splitlines()]
    printed = "".join(_run(shlex.split(line, comments=True), tmp_path) for line in lines)
    assert printed == "".join(block.text for block in found if block.language == "text")


@pytest.mark.parametrize("name", PAGES_MADE)
def test_generated_pages_are_as_the_code_makes_them(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES_MADE[name](), "run: make docs"


def test_every_page_of_docs_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    reached = {(index.parent / target).resolve() for target in LINK.findall(index.read_text(encoding="utf-8"))}
    assert {label(page) for page in (ROOT / "docs").rglob("*.md")} - {label(index)} <= {
        page.relative_to(ROOT).as_posix() for page in reached if page.is_relative_to(ROOT)
    }


def _run(words: list[str], folder: Path) -> str:
    """Run one line of a shell block; what a Python program prints is kept, other commands of the shell are not run."""
    match words:
        case ["mkdir", "-p", *names]:
            for name in names:
                (folder / name).mkdir(parents=True)
            return ""
        case ["shardkit", *rest]:
            arguments = ["-m", "shardkit", *rest]
        case ["python", *rest]:
            arguments = rest
        case _:
            return ""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout if words[0] == "python" else ""


def test_both_readmes_show_the_same_code_and_headings() -> None:
    """The Chinese one is a translation: same blocks, as many sections and tables' rows, links to the same pages."""
    english, chinese = ROOT / "README.md", ROOT / "README.zh.md"
    assert blocks(english) == blocks(chinese)
    texts = [page.read_text(encoding="utf-8") for page in (english, chinese)]
    for shape in (r"^#+ ", r"^\| ", r"^- "):
        assert len({len(re.findall(shape, text, re.MULTILINE)) for text in texts}) == 1, shape
    targets = [set(LINK.findall(text)) - {"README.md", "README.zh.md"} for text in texts]
    assert targets[0] == targets[1]
