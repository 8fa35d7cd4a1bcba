"""The five sample documents and what ``seeds.toml`` says about them."""

import datetime
import tomllib
from pathlib import Path

import pytest

from rag.loading import encode_back, find_files, load, metadata_of

SEEDS = Path(__file__).parents[1] / "seeds"

EXPECTED = {
    "000": ("2023-03-05", {"金壮龙"}),
    "001": ("2024-07-05", {"金壮龙", "辛国斌", "赵志国"}),
    "002": ("2023-01-02", {"金壮龙"}),
    "003": ("2023-04-21", {"赵志国", "陶青"}),
    "004": ("2023-01-02", {"金壮龙"}),
}

FILES = sorted(SEEDS.glob("*.txt"))


def test_every_document_is_described_and_every_table_has_its_document() -> None:
    tables = tomllib.loads((SEEDS / "seeds.toml").read_text(encoding="utf-8"))
    assert list(find_files([SEEDS])) == FILES
    assert set(tables) == {file.name for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name[:3])
def test_seed_loads_with_its_date_speakers_and_title(file: Path) -> None:
    document = load(file)
    date, speakers = EXPECTED[file.name[:3]]
    assert document.date == datetime.date.fromisoformat(date)
    assert set(document.speakers) == speakers
    assert all(speaker in document.text for speaker in document.speakers)
    assert encode_back(document) == file.read_bytes()
    joined = "".join(document.text.split())
    assert "".join(document.title.split()) in joined  # each title is read from its document
    assert document.event


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name[:3])
def test_every_speaker_has_a_role(file: Path) -> None:
    metadata = metadata_of(file)
    assert set(metadata.roles) == set(metadata.speakers)


def test_sources_stand_in_the_documents() -> None:
    for file in FILES:
        document = load(file)
        for part in document.source.replace("（", "、").replace("）", "").split("、"):
            assert part in document.text
