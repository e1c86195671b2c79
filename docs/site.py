"""Hooks of the documentation site: pages that live in the root folder, and the list of decisions."""

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
#: Files of the root folder, where GitHub looks for them, and the pages that they become.
ROOT_PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CODE_OF_CONDUCT.md": "code_of_conduct.md",
    "CHANGELOG.md": "changelog.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s:]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List every decision, so that a new one needs no line in mkdocs.yml."""
    pages = sorted(path.name for path in (ROOT / "docs/decisions").glob("0*.md"))
    for entry in config.nav or ():
        if "Decisions" in entry:
            entry["Decisions"] = ["decisions/README.md", *(f"decisions/{name}" for name in pages)]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root folder."""
    for name, page in ROOT_PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links at pages of the site; a link to a source file, which the site has not, becomes its text."""
    uri = page.file.src_uri
    origin = next((name for name, target in ROOT_PAGES.items() if target == uri), f"docs/{uri}")
    folder = (ROOT / origin).parent

    def retarget(link: re.Match[str]) -> str:
        image, text, target, anchor = link[1], link[2], link[3], link[4] or ""
        path = (folder / target).resolve().relative_to(ROOT).as_posix()
        if path in ROOT_PAGES:
            inside = ROOT_PAGES[path]
        elif path.startswith("docs/"):
            inside = path.removeprefix("docs/")
        else:
            return text if (ROOT / path).exists() else link[0]
        if inside == "decisions":
            inside = "decisions/README.md"
        return f"{image}[{text}]({'../' * uri.count('/')}{inside}{anchor})"

    return _LINK.sub(retarget, markdown)
