"""Run the notebooks, and keep them with their outputs: python -m docs.notebooks."""

import base64
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
EXECUTED = ROOT / "build" / "notebooks"
SECONDS = 600


def execute(path: Path) -> None:
    """Run a notebook in a kernel of its own, in the project's folder, and keep it with outputs."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat
    folder = {"metadata": {"path": str(ROOT)}}
    options: dict[str, Any] = {"timeout": SECONDS, "kernel_name": "python3", "resources": folder}
    # without the kernel's warning that local connections are not encrypted
    NotebookClient(notebook, **options, extra_arguments=["--log-level=40"]).execute()
    nbformat.write(notebook, EXECUTED / path.name)  # type: ignore[no-untyped-call]  # nbformat


def as_markdown(path: Path) -> tuple[str, dict[str, bytes]]:
    """Return a notebook as a page, and its pictures by name."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in json.loads(path.read_text())["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        shown = "".join(map(text_of, cell["outputs"])).rstrip()
        parts += [f"```text\n{shown}\n```"] if shown else []
        for output in cell["outputs"]:
            if picture := output.get("data", {}).get("image/png"):
                name = f"{path.stem}_{len(pictures)}.png"
                pictures[name] = base64.b64decode(picture)
                parts.append(f"![Output of the cell above]({name})")
    return "\n\n".join(parts) + "\n", pictures


def text_of(output: dict[str, Any]) -> str:
    """Return the text of an output; that of pictures and warnings is left out."""
    data = output.get("data", {})
    if "image/png" in data or output.get("name") == "stderr":
        return ""
    return "".join(output.get("text", data.get("text/plain", "")))


def main() -> None:
    """Run all notebooks."""
    EXECUTED.mkdir(parents=True, exist_ok=True)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        execute(path)


if __name__ == "__main__":
    main()
