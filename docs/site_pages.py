"""Pages of the site that lie outside docs/; mkdocs calls the functions `on_...` (mkdocs.yml).

They lie in the site as in the project, and docs/ is the site's root. Links are written for the
project, so that they also work where the project is browsed.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.notebooks import EXECUTED, NOTEBOOKS, as_markdown

ROOT = Path(__file__).parents[1]
OUTSIDE = ("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "SECURITY.md", "configs/README.md")
PACKAGES = """
trompe interpreters losses attacks attacks.transfer metrics networks datamodules lightning_modules
evaluation
""".split()
API = """# {name}

{line}

::: {name}
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the API, the notebooks, and what lies beside docs/."""
    for name in OUTSIDE:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    for path in sorted((ROOT / "configs").rglob("*.yaml")):
        name = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    for name in PACKAGES:
        line = f"`import {name}`" if name == "trompe" else f"`from trompe.{name} import ...`"
        page = API.format(name=name, line=line)
        files.append(File.generated(config, f"api/{name}.md", content=page))
    for name, content in notebook_files():
        files.append(File.generated(config, f"notebooks/{name}", content=content))
    return files


def notebook_files() -> Iterator[tuple[str, str | bytes]]:
    """Yield name and content of each notebook's page and pictures; outputs if it was run."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        executed = EXECUTED / path.name
        page, pictures = as_markdown(executed if executed.is_file() else path)
        yield f"{path.stem}.md", page
        yield from pictures.items()


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Return a page whose links fit the site, in which docs/ is the root."""
    markdown = re.sub(r"(\]\((?:\.\./)*)docs/", r"\1", markdown)
    markdown = re.sub(r"(\]\([\w./]+)\.ipynb\)", r"\1.md)", markdown)
    if page.file.generated_by is None:
        markdown = markdown.replace("](../", "](")
    return markdown
