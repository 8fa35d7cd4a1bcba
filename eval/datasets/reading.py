"""Reading local files into JSON values that know where they stand, so that every error can say so."""

import gzip
import json
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from rag.errors import UsageError
from rag.text.surrogates import is_storable

LONGEST_LINE = 64_000_000
"""Longest line of a JSON-lines file, in bytes; also of one that is unpacked."""


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value with its file, its line (0 where the file is one JSON value) and its JSON path.

    Every method raises :class:`~rag.errors.UsageError` when the value is not what is asked for.
    """

    content: Any
    file: Path
    line: int = 0
    place: str = ""

    def wrong(self, zh: str, en: str) -> UsageError:
        """The error that names file, line and field."""
        line_zh, line_en = (f" 第 {self.line} 行", f", line {self.line}") if self.line else ("", "")
        field_zh, field_en = (f"，字段 {self.place}", f", field {self.place}") if self.place else ("", "")
        return UsageError(zh=f"{self.file}{line_zh}{field_zh}：{zh}。", en=f"{self.file}{line_en}{field_en}: {en}.")

    def __getitem__(self, name: str) -> "Value":
        """A field of an object."""
        self._check(isinstance(self.content, dict), "应是 JSON 对象", "is not a JSON object")
        place = f"{self.place}.{name}" if self.place else name
        found = Value(self.content.get(name), self.file, self.line, place)
        found._check(name in self.content, "缺少这个字段", "is missing")
        return found

    def has(self, name: str) -> bool:
        """Whether an object has a field that is not null."""
        self._check(isinstance(self.content, dict), "应是 JSON 对象", "is not a JSON object")
        return self.content.get(name) is not None

    def items(self) -> list["Value"]:
        """The values of a list."""
        self._check(isinstance(self.content, list), "应是列表", "is not a list")
        return [Value(item, self.file, self.line, f"{self.place}[{at}]") for at, item in enumerate(self.content)]

    def string(self) -> str:
        """A text, which may be empty."""
        self._check(isinstance(self.content, str), "应是文字", "is not a text")
        self._check(is_storable(self.content), "有不成对的代理字符", "holds half a character (a lone surrogate)")
        return cast(str, self.content)

    def text(self) -> str:
        """A text that is not blank."""
        self._check(bool(self.string().strip()), "不能为空", "is empty")
        return cast(str, self.content)

    def texts(self) -> list[str]:
        """A list of texts that are not blank."""
        return [item.text() for item in self.items()]

    def identifier(self) -> str:
        """A text or a whole number, as a text."""
        whole = isinstance(self.content, int) and not isinstance(self.content, bool)
        return str(self.content) if whole else self.text()

    def integer(self) -> int:
        """A whole number."""
        fits = isinstance(self.content, int) and not isinstance(self.content, bool)
        self._check(fits, "应是整数", "is not a whole number")
        return cast(int, self.content)

    def flag(self) -> bool:
        """True or false."""
        self._check(isinstance(self.content, bool), "应是 true 或 false", "is not true or false")
        return cast(bool, self.content)

    def _check(self, fits: bool, zh: str, en: str) -> None:
        if not fits:
            raise self.wrong(zh, en)


def json_file(file: Path) -> Value:
    """The one JSON value of a file (``.gz`` and ``.xz`` are unpacked).

    Raises:
        UsageError: the file cannot be read, is empty or is not JSON.
    """
    try:
        with _opened(file) as stream:
            text = stream.read().decode("utf-8-sig")
    except (OSError, EOFError, lzma.LZMAError, zlib.error, UnicodeDecodeError) as error:
        raise unreadable(file, error) from error
    if not text.strip():
        raise nothing_in(file)
    return Value(_parsed(text, Value(None, file)), file)


def json_lines(file: Path) -> Iterator[Value]:
    """The JSON values of a file with one on each line, as they are read (``.gz`` and ``.xz`` are unpacked).

    Raises:
        UsageError: the file cannot be read, holds nothing, or a line is not JSON; when its turn comes.
    """
    empty = True
    for number, line in text_lines(file):
        empty = False
        yield Value(_parsed(line, Value(None, file, number)), file, number)
    if empty:
        raise nothing_in(file)


def text_lines(file: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file in UTF-8 that are not blank, each with its number. Only a line feed ends a line.

    Raises:
        UsageError: the file cannot be read, or a line is too long or not in UTF-8.
    """
    try:
        with _opened(file) as stream:
            number = 0
            while line := stream.readline(LONGEST_LINE + 1):
                number += 1
                here = Value(None, file, number)
                if len(line) > LONGEST_LINE:
                    limit = f"{LONGEST_LINE:,}"
                    raise here.wrong(f"超过 {limit} 字节", f"is longer than {limit} bytes")
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise here.wrong("不是 UTF-8", "is not in UTF-8") from error
                if text.strip():
                    yield number, text
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise unreadable(file, error) from error


def one_file(path: Path, names: tuple[str, ...]) -> Path:
    """The file that a path means: itself, or in a folder the first of ``names`` (patterns) that one file fits.

    Raises:
        UsageError: the path does not exist, or the folder holds none, or several that fit.
    """
    if not path.is_dir():
        return path
    for name in names:
        found = sorted(file for file in path.glob(name) if file.is_file())
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(file.name for file in found)
            raise UsageError(
                zh=f"文件夹 {path} 里有多个可能的文件：{listed}。请给出其中一个。",
                en=f"The folder {path} holds several files that fit: {listed}. Name one of them.",
            )
    wanted = ", ".join(names)
    raise UsageError(zh=f"文件夹 {path} 里没有 {wanted}。", en=f"The folder {path} does not hold {wanted}.")


def unreadable(file: Path, error: Exception) -> UsageError:
    """The error for a file that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return UsageError(zh=f"没有文件 {file}。", en=f"There is no file {file}.")
    reason = getattr(error, "strerror", None) or str(error)
    return UsageError(zh=f"读不了 {file}：{reason}。", en=f"Cannot read {file}: {reason}.")


def nothing_in(file: Path) -> UsageError:
    """The error for a file without content."""
    return UsageError(zh=f"{file} 是空的。", en=f"{file} is empty.")


def _opened(file: Path) -> IO[bytes]:
    if file.suffix == ".gz":
        return cast(IO[bytes], gzip.open(file, "rb"))
    if file.suffix == ".xz":
        return cast(IO[bytes], lzma.open(file, "rb"))
    return file.open("rb")


def _parsed(text: str, here: Value) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = here.line or error.lineno
        raise Value(None, here.file, line).wrong(f"不是 JSON（{error.msg}）", f"is not JSON ({error.msg})") from error
    except (ValueError, RecursionError) as error:
        raise here.wrong(f"不能作为 JSON 读入（{error}）", f"cannot be read as JSON ({error})") from error
