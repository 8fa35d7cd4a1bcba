"""The READMEs' Python runs as it stands, and their commands and links exist."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_python_runs(number: int, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("YOUJU_") or key == "YOUJU_HOME"
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCKS[number]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if number == 0:
        assert "264万" in done.stdout and "赵志国" in done.stdout


def test_there_are_blocks_to_run() -> None:
    assert len(BLOCKS) >= 2


def test_every_command_is_there() -> None:
    from typer.main import get_command

    from rag.terminal.cli import app

    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    table = re.findall(r"^\| ((?:`[a-z]+[^`]*`(?:, )?)+) \|", README, re.MULTILINE)
    named = {name for row in table for name in re.findall(r"`([a-z]+)", row)}
    named -= {"auto", "local", "extractive", "http", "provider"}
    assert named and named <= commands


def test_make_targets_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z-]+)", README + CHINESE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_chinese_one_shows_python_that_is_run_and_fits_a_screen() -> None:
    assert re.findall(r"```python\n(.*?)```", CHINESE, re.DOTALL) == BLOCKS[:1]
    assert len(CHINESE.splitlines()) <= 45


@pytest.mark.parametrize("text", [README, CHINESE], ids=["en", "zh"])
def test_links_lead_to_files(text: str) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_both_tell_the_same_figures() -> None:
    told = set(re.findall(r"0\.\d+", CHINESE))
    assert told and told <= set(re.findall(r"0\.\d+", README))
