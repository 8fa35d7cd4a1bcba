"""Is this a whole GGUF file? llama.cpp itself answers every damage with the same vague error.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (little-endian, versions 2 and 3).
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from rag.errors import LanguageModelError

MAGIC = b"GGUF"
STRING, ARRAY = 8, 9
SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
DEFAULT_ALIGNMENT = 32

BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 24: (1, 1), 25: (1, 2),
    26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2),
}  # fmt: skip
"""Tensor type → (values in a block, bytes of a block). A type not listed counts as empty, so that a newer one is
never taken for damage."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the beginning of the file says: the model's name, its architecture, and the file's least size in bytes."""

    name: str
    architecture: str
    least_bytes: int


def check(path: Path) -> Header:
    """Read the header and compare it with the file's size; a few tenths of a second, whatever the size.

    Raises `LanguageModelError` naming what is wrong: not there, a folder, unreadable, empty, not GGUF, cut short.
    """
    try:
        if path.is_dir():
            raise _refused(path, "是一个文件夹，需要的是 .gguf 文件", "is a folder; a .gguf file is needed")
        with path.open("rb") as file:
            magic = file.read(4)
            if magic != MAGIC:
                raise _refused(path, *_not_gguf(magic))
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                header = _Reader(content).header()
                size = len(content)
    except FileNotFoundError:
        raise _refused(path, "不存在", "does not exist") from None
    except OSError as error:
        raise _refused(path, f"无法读取：{error.strerror}", f"cannot be read: {error.strerror}") from error
    except (struct.error, KeyError, ValueError, RecursionError) as error:
        raise _refused(path, *_damaged()) from error
    if size < header.least_bytes:
        raise _refused(
            path,
            f"不完整：应至少有 {header.least_bytes:,} 字节，实际只有 {size:,} 字节。请重新下载或复制",
            f"is cut short: it should have at least {header.least_bytes:,} bytes and has {size:,}. "
            "Download or copy it again",
        )
    return header


def _refused(path: Path, zh: str, en: str) -> LanguageModelError:
    return LanguageModelError(zh=f"模型文件 {path} {zh}。", en=f"The model file {path} {en}.")


def _not_gguf(magic: bytes) -> tuple[str, str]:
    if not magic:
        return "是空文件", "is empty"
    return (
        "不是 GGUF 格式（开头不是“GGUF”）。请换用 .gguf 文件",
        "is not in GGUF format (it does not begin with 'GGUF'). Use a .gguf file",
    )


def _damaged() -> tuple[str, str]:
    return (
        "的 GGUF 文件头已损坏或不完整。请重新下载或复制",
        "has a damaged or incomplete GGUF header. Download or copy it again",
    )


class _Reader:
    """Walks the header once; running past the end raises ``struct.error``."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._position = len(MAGIC)

    def header(self) -> Header:
        version = self._number("<I")
        if version not in (2, 3):
            raise ValueError(f"GGUF version {version}")
        tensors, entries = self._number("<Q"), self._number("<Q")
        texts: dict[str, str] = {}
        alignment = DEFAULT_ALIGNMENT
        for _ in range(entries):
            key = self._string()
            kind = self._number("<I")
            if kind == STRING:
                texts[key] = self._string()
            elif key == "general.alignment" and kind == 4:
                alignment = self._number("<I")
            else:
                self._skip(kind)
        end_of_data = max((self._tensor_end() for _ in range(tensors)), default=0)
        data_start = -(-self._position // alignment) * alignment
        return Header(
            name=texts.get("general.name", ""),
            architecture=texts.get("general.architecture", ""),
            least_bytes=data_start + end_of_data,
        )

    def _number(self, form: str) -> int:
        (value,) = struct.unpack_from(form, self._content, self._position)
        self._position += struct.calcsize(form)
        return int(value)

    def _string(self) -> str:
        length = self._number("<Q")
        text = self._content[self._position : self._position + length]
        self._advance(length)
        return text.decode("utf-8", errors="replace")

    def _advance(self, length: int) -> None:
        self._position += length
        if self._position > len(self._content):
            raise ValueError("ends inside its header")

    def _skip(self, kind: int) -> None:
        if kind == STRING:
            self._advance(self._number("<Q"))
        elif kind == ARRAY:
            inner, count = self._number("<I"), self._number("<Q")
            if inner in (STRING, ARRAY):
                for _ in range(count):
                    self._skip(inner)
            else:
                self._advance(SCALAR_BYTES[inner] * count)
        else:
            self._advance(SCALAR_BYTES[kind])

    def _tensor_end(self) -> int:
        """Where the tensor's data end, in bytes from the start of the data section."""
        self._string()
        values = 1
        for _ in range(self._number("<I")):
            values *= self._number("<Q")
        kind, offset = self._number("<I"), self._number("<Q")
        per_block, block_bytes = BLOCKS.get(kind, (1, 0))
        return offset + values // per_block * block_bytes
