"""Makes docs/images/ask.png: a real answer of ``youju ask`` as a terminal shows it. Needs Debian's chromium."""

import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from rag import Assistant
from rag.screen import show_answer

QUESTION = sys.argv[1] if len(sys.argv) > 1 else "截至2023年3月底我国建成了多少个5G基站？"
TARGET = Path(__file__).parent / "images" / "ask.png"


def main() -> None:
    """Asks, prints to a recording console, and photographs the page."""
    with Assistant.open() as assistant:
        answer = assistant.ask(QUESTION)
    console = Console(record=True, width=110, force_terminal=True, highlight=False)
    console.print(Text(f'$ make ask Q="{QUESTION}"', style="bold green"))
    show_answer(console, answer)
    fonts = (
        "<style>pre, code { font: 16px/1.5 'Noto Sans Mono CJK SC', monospace !important } body { margin: 1em }</style>"
    )
    page = console.export_html(theme=MONOKAI, inline_styles=True).replace("</head>", f"{fonts}</head>")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        TARGET.parent.mkdir(exist_ok=True)
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=1060,300",
            f"--user-data-dir={folder}/profile",
        ]
        subprocess.run(["chromium", *options, f"--screenshot={TARGET}", file.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    main()
