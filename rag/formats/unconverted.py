"""A file that LibreOffice could not convert: why, as far as its bytes tell."""

import io
import re
import zipfile
import zlib

from rag.loading.base import Extracted, refusal
from rag.loading.file_limits import VARIABLES

_SECTOR = 512  # bytes; a large stream of an OLE file begins at a multiple of it
_WORD = b"\xec\xa5"
_FLAGS_PLACE = 11  # in the head of a Word document: the byte whose lowest bit says that it is encrypted
_EXCEL = re.compile(rb"\x09\x08(?:\x10\x00\x00\x06\x05\x00.{12}|\x08\x00\x00\x05\x05\x00.{4})\x2f\x00", re.DOTALL)
"""The beginning of a workbook's globals (BOF) with the record FILEPASS behind it, of Excel 97 and of Excel 95."""
_POWERPOINT = b"\x14\x00\x00\x00\xdf\xc4\xd1\xf3"  # the stream Current User of an encrypted presentation
_MANIFEST, _LONGEST_MANIFEST = "META-INF/manifest.xml", 10_000_000


def extract(raw: bytes, name: str) -> Extracted:
    """Nothing: it only tells why.

    Raises:
        LoadError: always.
    """
    if _has_password(raw):
        raise refusal(
            name,
            "文件设有密码。请用 Office、WPS 或 LibreOffice 打开，解除密码，重新保存后再试。",
            "it has a password; open it, remove the password, save it and try again.",
        )
    setting = VARIABLES["memory_mb"]
    raise refusal(
        name,
        f"LibreOffice 不能转换它：可能已损坏，或需要的内存超过上限（{setting}）。请用 Office 或 WPS 打开，另存为新格式"
        "（.docx、.xlsx、.pptx）后再试。",
        f"LibreOffice cannot convert it: it may be damaged, or take more memory than the limit ({setting}); open it, save "
        "it in the new format (.docx, .xlsx, .pptx) and try again.",
    )


def _has_password(raw: bytes) -> bool:
    if raw.startswith(b"PK"):
        return _has_locked_parts(raw)
    if _POWERPOINT in raw or _EXCEL.search(raw):
        return True
    places = range(0, len(raw) - _FLAGS_PLACE, _SECTOR)
    return any(raw.startswith(_WORD, place) and raw[place + _FLAGS_PLACE] & 1 for place in places)


def _has_locked_parts(raw: bytes) -> bool:
    """Whether an OpenDocument file's list of parts says that they are encrypted."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive, archive.open(_MANIFEST) as manifest:
            return b"encryption-data" in manifest.read(_LONGEST_MANIFEST)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        return False
