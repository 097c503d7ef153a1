"""What a browser finds in pages, each of them in a frame of its own width."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
# before anything else in the page, so that no error is missed
LISTENER = "<head><script>onerror = message => { frameElement.errors.push(message) }</script>"
HARNESS = """<!doctype html><script>
const pages = PAGES, found = pages.map(([page, width]) => new Promise(resolve => {
  const frame = document.createElement("iframe")
  frame.style = `border: 0; width: ${width}px; height: 900px`
  frame.errors = []
  frame.onload = async () => {
    const inside = frame.contentDocument, all = [...inside.querySelectorAll("[src], [href]")]
    const links = all.map(each => each.getAttribute("src") ?? each.getAttribute("href"))
    const loaded = frame.contentWindow.performance.getEntriesByType("resource").map(e => e.name)
    const folded = [...inside.querySelectorAll("details > :not(summary)")]
    resolve({
      errors: frame.errors,
      broken: [...inside.images].filter(image => !image.naturalWidth).map(image => image.alt),
      elsewhere: [...links, ...loaded].filter(link => !link.startsWith("data:")),
      width: inside.documentElement.scrollWidth,
      hidden: folded.filter(each => !each.checkVisibility()).length,
      text: inside.body.innerText,
    })
  }
  frame.srcdoc = page
  document.documentElement.append(frame)
}))
Promise.all(found).then(each => { document.title = JSON.stringify(each) })
</script>"""


class Seen(NamedTuple):
    """Messages of script errors, pictures that were not drawn, links and loads that leave the page,
    the width that it takes, how much of it is folded away, and its text.
    """

    errors: list[str]
    broken: list[str]
    elsewhere: list[str]
    width: int
    hidden: int
    text: str


def seen(pages: list[tuple[str, int]], folder: Path) -> list[Seen]:
    """What Chromium finds in pages of HTML, each as wide as it says; files lie in the folder."""
    listened = [(page.replace("<head>", LISTENER, 1), width) for page, width in pages]
    harness = folder / "harness.html"
    harness.write_text(HARNESS.replace("PAGES", json.dumps(listened).replace("</", r"<\/")))
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--virtual-time-budget=20000", f"--user-data-dir={folder / 'profile'}"]
    command += ["--dump-dom", harness.as_uri()]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    (title,) = re.findall("<title>(.*?)</title>", result.stdout)
    found: list[dict[str, Any]] = json.loads(html.unescape(title))
    return [Seen(**each) for each in found]
