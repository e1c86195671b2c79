"""The documentation: every page is reachable, every link leads somewhere, every file it names exists."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mkdocs.config import load_config

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
#: A Markdown link to a file of ours, with or without an anchor.
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)")
#: What loads something into a page: never from another host.
LOADED = re.compile(
    r'<(?:script|img|iframe)[^>]+src="(?:https?:)?//|<link[^>]+rel="stylesheet"[^>]+href="(?:https?:)?//'
)
NAMED_FILE = re.compile(r"`((?:bot|jobs|storage|tests|benchmarks|docs)/[\w./-]+\.\w+)`")


def nav_pages(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        for target in entry.values() if isinstance(entry, dict) else (entry,):
            yield from nav_pages(target) if isinstance(target, list) else (target,)


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_page_of_docs_is_in_the_navigation() -> None:
    nav = set(nav_pages(load_config(str(ROOT / "mkdocs.yml")).nav or []))
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    decisions = {page for page in pages if page.startswith("decisions/")}  # listed by docs/site.py
    assert pages - decisions - nav == set()


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = set(LINK.findall((DOCS / "decisions/README.md").read_text()))
    assert {path.name for path in DOCS.glob("decisions/0*.md")} - listed == set()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_leads_to_a_file(page: Path) -> None:
    broken = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_source_file_that_a_page_names_exists(page: Path) -> None:
    named = set(NAMED_FILE.findall(page.read_text()))
    assert {path for path in named if not (ROOT / path).exists()} == set()


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    site = str(tmp_path / "site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", site]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert {"index.html", "tutorial.html", "readers.my.html"} <= {page.name for page in pages}
    assert [page.name for page in pages if LOADED.search(page.read_text())] == []


@pytest.mark.slow
def test_the_workflows_are_valid() -> None:
    actionlint = shutil.which("actionlint", path=Path(sys.executable).parent)
    assert actionlint
    workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    assert len(workflows) == 3
    found = subprocess.run([actionlint, *workflows], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")
