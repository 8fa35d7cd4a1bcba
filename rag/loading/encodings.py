"""Which encoding a text file is in: decided on the whole file, never on its beginning, and never lossy.

Rules, in this order:

1. A byte-order mark decides.
2. A file that is strictly valid UTF-8 and has at least :data:`CERTAIN_CHARACTERS` characters beyond ASCII, or none,
   is UTF-8: by chance other encodings do not keep UTF-8's rules for that long. So is one whose few are signs and letters
   of western languages, scattered one by one.
3. Every other encoding of :data:`ENCODINGS` is tried strictly on the whole file. Those that decode it, and encode
   the result back to exactly the same bytes, are compared by the probability of their text
   (:mod:`rag.loading.characters`). Neighbours such as Shift_JIS take part so that a Japanese file is refused instead
   of read as Chinese nonsense; they do not where the file is valid UTF-8.
4. What wins is refused all the same when it is no text: control, private-use and unassigned characters.
"""

import codecs
import re
from collections import Counter
from dataclasses import dataclass

from rag.errors import UsageError
from rag.loading import characters
from rag.loading.base import refusal
from rag.text.documents import Document

CERTAIN_CHARACTERS = 16
"""Characters beyond ASCII from which on valid UTF-8 is certain (a random Chinese one passes with about 1 in 5)."""

DECLARED_BONUS = 10.0
"""What a file's own declaration of its encoding counts for, in nats."""

IMPOSSIBLE_SHARE = 0.02
"""Share of characters that no text holds from which on a file counts as binary."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One encoding: ``file's bytes == mark + text.encode(codec)``.

    Attributes:
        codec: Python's codec.
        mark: byte-order mark at the start of the file.
        prior: logarithm of how usual the encoding is, in nats, against the others.
        home: kind of character that the encoding exists for, where that is not Chinese.
        accepted: whether files in it are taken in; the others take part to be recognised and refused.
    """

    codec: str
    mark: bytes = b""
    prior: float = 0.0
    home: str = ""
    accepted: bool = True


ENCODINGS: dict[str, Encoding] = {
    "utf-8-sig": Encoding("utf-8", codecs.BOM_UTF8),
    "utf-16-le-sig": Encoding("utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16-be-sig": Encoding("utf-16-be", codecs.BOM_UTF16_BE),
    "utf-8": Encoding("utf-8", prior=5.0),
    "gb18030": Encoding("gb18030"),
    "cp950": Encoding("cp950", prior=-1.0),  # Big5 as Windows writes it
    "big5hkscs": Encoding("big5hkscs", prior=-2.0),
    "utf-16-le": Encoding("utf-16-le", prior=-10.0),
    "utf-16-be": Encoding("utf-16-be", prior=-12.0),
    "shift_jis": Encoding("cp932", prior=-15.0, home="kana", accepted=False),
    "euc_jp": Encoding("euc_jp", prior=-15.0, home="kana", accepted=False),
    "euc_kr": Encoding("cp949", prior=-25.0, home="hangul", accepted=False),
    "windows-1251": Encoding("cp1251", prior=-12.0, home="cyrillic", accepted=False),
    "windows-1252": Encoding("cp1252", prior=-3.0, home="latin", accepted=False),
}

_NOT_WESTERN = re.compile("[^\x00-\x7f\xa0-\xff\u2010-\u203a\u20ac]|[^\x00-\x7f]{2}")
_SINGLE_BYTE = ("cp1251", "cp1252")
SINGLE_BYTE_LIMIT = 65_536
"""Size in bytes beyond which single-byte neighbours need no ruling out: no such text looks like pairs for so long."""

_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\v\f\r\x1a\x1b")

_DECLARED_NAMES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "cp950",
    "cp932": "shift_jis",
    "cp949": "euc_kr",
    "cp1251": "windows-1251",
    "cp1252": "windows-1252",
    "iso8859-1": "windows-1252",
}


def decode(raw: bytes, name: str, declared: str = "") -> tuple[str, str]:
    """The text of a file and the key of its encoding in :data:`ENCODINGS`.

    Args:
        raw: the whole file.
        name: the file's name, for messages.
        declared: the encoding that the file itself claims (an HTML page's charset); evidence, not proof. An encoding
            that is recognised but not accepted is accepted when declared.

    Raises:
        LoadError: no encoding decodes the file, the file is binary, or it is in an encoding that is not accepted.
    """
    for key, encoding in ENCODINGS.items():
        if encoding.mark and raw.startswith(encoding.mark):
            return _decode_marked(raw, name, key)
    text = _strictly(raw, "utf-8")
    if text is not None and "\0" not in text:
        beyond_ascii = _beyond_ascii(text)
        if beyond_ascii == 0 or beyond_ascii >= CERTAIN_CHARACTERS or _is_western(text, beyond_ascii):
            return _checked(text, name, "utf-8")
    if text is None:
        _refuse_broken_utf_8(raw, name)
    return _most_plausible(raw, name, _declared_key(declared))


def encode_back(document: Document) -> bytes:
    """The bytes of the file that a plain-text document was decoded from.

    Raises:
        UsageError: the document is of another format, whose text is extracted and cannot be turned back.
    """
    encoding = ENCODINGS.get(document.encoding)
    if encoding is None:
        raise UsageError(
            f"{document.path} 不是纯文本（{document.encoding or '格式未知'}），无法还原为原文件。",
            f"{document.path} is not plain text ({document.encoding or 'format unknown'}); its file cannot be rebuilt.",
        )
    return encoding.mark + document.text.encode(encoding.codec)


def _decode_marked(raw: bytes, name: str, key: str) -> tuple[str, str]:
    encoding = ENCODINGS[key]
    text = _strictly(raw[len(encoding.mark) :], encoding.codec)
    if text is None:
        codec = encoding.codec.upper()
        raise refusal(
            name,
            f"文件以 {codec} 的字节顺序标记开头，内容却不是 {codec}，可能已损坏。请用编辑器另存为 UTF-8 后再试。",
            f"it starts with the byte-order mark of {codec} but is not {codec}, so it may be damaged; "
            "save it as UTF-8 in an editor and try again.",
        )
    return _checked(text, name, key)


def _most_plausible(raw: bytes, name: str, declared: str) -> tuple[str, str]:
    best: tuple[float, str, str] | None = None
    valid_utf_8 = _strictly(raw, "utf-8") is not None
    for key, encoding in ENCODINGS.items():
        if valid_utf_8 and not encoding.accepted and key != declared:
            continue  # UTF-8 must not be refused because a neighbour looks likelier
        if encoding.codec in _SINGLE_BYTE and len(raw) > SINGLE_BYTE_LIMIT:
            continue
        text = None if encoding.mark else _strictly(raw, encoding.codec)
        if text is None or "\0" in text or text.encode(encoding.codec) != raw:
            continue
        score = encoding.prior + characters.plausibility(Counter(text), encoding.home)
        score += DECLARED_BONUS if key == declared else 0.0
        if best is None or score > best[0]:
            best = (score, key, text)
    if best is None:
        raise _undecodable(raw, name)
    _, key, text = best
    if not ENCODINGS[key].accepted and key != declared:
        if b"\0" in raw or any(byte in raw for byte in _CONTROLS):
            raise _binary(name)
        raise refusal(
            name,
            f"文件的编码像是 {key}，不在支持之列（UTF-8、UTF-16、GB18030/GBK、Big5）。请另存为 UTF-8 后再试。",
            f"its encoding looks like {key}, which is not supported (UTF-8, UTF-16, GB18030/GBK and Big5 are); "
            "save it as UTF-8 and try again.",
        )
    return _checked(text, name, key)


def _refuse_broken_utf_8(raw: bytes, name: str) -> None:
    """Refuse a file that is UTF-8 without doubt until a wrong byte: cut off, damaged, or of mixed encodings."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        start = error.start
        if b"\0" in raw or _beyond_ascii(raw[:start].decode("utf-8")) < CERTAIN_CHARACTERS:
            return
        raise refusal(
            name,
            f"文件是 UTF-8，但第 {start + 1} 个字节起不合规，可能不完整、已损坏或混有多种编码。"
            "请用编辑器检查，另存为 UTF-8 后再试。",
            f"it is UTF-8 up to byte {start + 1}, which is invalid: it is cut off, damaged or of mixed encodings. "
            "Check it in an editor, save it as UTF-8 and try again.",
        ) from error


def _is_western(text: str, beyond_ascii: int) -> bool:
    """Whether all beyond ASCII are signs and letters of western languages, each by itself (``£64``), and several.

    In Chinese encodings the same bytes are characters scattered one by one among Latin letters, all of them from the few
    that pass as UTF-8 of such signs.
    """
    return beyond_ascii > 1 and not _NOT_WESTERN.search(text)


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _checked(text: str, name: str, key: str) -> tuple[str, str]:
    if "\0" in text or characters.impossible_share(text) > IMPOSSIBLE_SHARE:
        raise _binary(name)
    return text, key


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _declared_key(declared: str) -> str:
    try:
        codec = codecs.lookup(declared.strip()).name
    except (LookupError, ValueError):
        return ""
    return _DECLARED_NAMES.get(codec, codec)


def _undecodable(raw: bytes, name: str) -> Exception:
    if b"\0" in raw:
        return _binary(name)
    return refusal(
        name,
        "UTF-8、UTF-16、GB18030/GBK、Big5 都无法完整解码这个文件，它可能已损坏，或混有多种编码。"
        "请用编辑器打开检查，另存为 UTF-8 后再试。",
        "none of UTF-8, UTF-16, GB18030/GBK and Big5 decodes the whole file; it may be damaged or mix encodings. "
        "Check it in an editor, save it as UTF-8 and try again.",
    )


def _binary(name: str) -> Exception:
    return refusal(
        name,
        "这是二进制文件，不是文本。请换成文本、网页、PDF、Word、Excel、PowerPoint 等文件。",
        "it is a binary file, not text; give a text, HTML, PDF, Word, Excel or PowerPoint file instead.",
    )
