"""Packed formats (.docx) whose bytes do not tell when they were written."""

import datetime
import io
import re
import zipfile

_STAMP = (1980, 1, 1, 0, 0, 0)
_MADE = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(<)")


def with_fixed_times(raw: bytes, day: datetime.date) -> bytes:
    """The archive again, every member of the same time, made on the given day."""
    made = rf"\g<1>{day.isoformat()}T00:00:00Z\g<3>".encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as fixed:
        for member in archive.namelist():
            held = archive.read(member)
            info = zipfile.ZipInfo(member, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            fixed.writestr(info, _MADE.sub(made, held) if member == "docProps/core.xml" else held)
    return out.getvalue()
