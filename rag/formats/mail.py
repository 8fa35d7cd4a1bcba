"""Mail (.eml) and web pages kept as mail (.mhtml, .mht), by the standard library: headers, text, attachments by name."""

import email.message
import email.parser
import email.policy
import re
from collections.abc import Iterator
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime

from rag.errors import LoadError
from rag.formats.html import extract as extract_html
from rag.formats.lines import counted, one_line
from rag.loading.base import Extracted, refusal
from rag.loading.encodings import decode
from rag.text.surrogates import without_surrogates

_Part = email.message.Message
_HEADERS = (("From", "发件人"), ("To", "收件人"), ("Cc", "抄送"))
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_MOST_ADDRESSES = 50
_MOST_NAMES = 20
_BLANK_LINES = re.compile(r"\n\s*\n+")


def extract(raw: bytes, name: str) -> Extracted:
    """A mail: its subject as heading, sender, recipients and date, and its text, plain where it has both kinds.

    Raises:
        LoadError: the file is no mail, is encrypted, or its text cannot be decoded.
    """
    message = _parsed(raw, name)
    parts = list(_parts(message, name))
    subject = _header(message, "Subject", name)
    sent = _sent(message)
    head = [f"# {subject}"] if subject else []
    for field, label in _HEADERS:
        if addresses := _addresses(message, field, name):
            head.append(f"{label}：{addresses}")
    if sent:
        head.append(f"日期：{sent:%Y-%m-%d %H:%M}")
    body, left_out = _body(parts, name)
    return Extracted(
        text="\n".join(head) + ("\n\n" if head and body else "") + body,
        title=subject,
        date=sent.date() if sent else None,
        source=_addresses(message, "From", name, names_only=True),
        encoding="eml",
        left_out=left_out,
    )


def extract_page(raw: bytes, name: str) -> Extracted:
    """A web page kept in one file with all that belongs to it; its text as the loader of web pages gives it.

    The mail's date is the day on which it was kept and says nothing about the page.

    Raises:
        LoadError: the file is no such page, or the page cannot be read.
    """
    message = _parsed(raw, name)
    parts = list(_parts(message, name))
    page = next((part for part in parts if part.get_content_type() in ("text/html", "application/xhtml+xml")), None)
    if page is None:
        raise refusal(
            name,
            "里面没有网页。请在浏览器中打开，另存为单个文件网页后再试。",
            "there is no web page in it; open it in a browser, save it as one file and try again.",
        )
    read = _page(page, name)
    others = [part for part in parts if part is not page]
    pages = sum(part.get_content_type() == "text/html" for part in others)
    pictures = sum(part.get_content_maintype() == "image" for part in others)
    return Extracted(
        text=read.text,
        title=read.title or _header(message, "Subject", name),
        date=read.date,
        source=read.source,
        encoding="mhtml",
        left_out=(
            *read.left_out,
            *counted(pictures, "图片 {} 张", "picture"),
            *counted(pages, "页面内嵌的其他网页 {} 个", "page within the page", "pages within the page"),
        ),
    )


def _parsed(raw: bytes, name: str) -> _Part:
    try:
        message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(raw)
    except RecursionError as error:
        raise _no_mail(name) from error
    if not any(message.get(field) for field in ("From", "To", "Subject", "Date", "MIME-Version", "Content-Type")):
        raise _no_mail(name)
    return message


def _no_mail(name: str) -> LoadError:
    return refusal(
        name,
        "内容不是邮件或单个文件网页：没有发件人、主题等信头，或嵌套过深。请在邮件软件或浏览器中另存一份后再试。",
        "it is no mail and no web page in one file: it has no headers, or its parts nest too deep; save it again from "
        "the mail program or browser.",
    )


def _parts(message: _Part, name: str) -> Iterator[_Part]:
    """The parts that hold something, in order; a mail within the mail is one of them, whatever it holds."""
    stack = [message]
    while stack:
        part = stack.pop()
        kind = part.get_content_type()
        if kind in _ENCRYPTED and "signed" not in str(part.get_param("smime-type", "")):
            raise refusal(
                name,
                "邮件是加密的。请在邮件软件中解密，另存后再试。",
                "the mail is encrypted; decrypt it in the mail program, save it and try again.",
            )
        inner = part.get_payload()
        if kind == "message/rfc822" or not isinstance(inner, list):
            yield part
        else:
            stack.extend(reversed([each for each in inner if isinstance(each, email.message.Message)]))


def _body(parts: list[_Part], name: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The text of a mail, and what of it is not there."""
    plain, pages, attached = [], [], []
    pictures = 0
    for part in parts:
        kind = part.get_content_type()
        is_attached = part.get_content_disposition() == "attachment" or bool(part.get_filename())
        if kind == "text/plain" and not is_attached:
            plain.append(_text(part, name))
        elif kind == "text/html" and not is_attached:
            pages.append(part)
        elif part.get_content_maintype() == "image" and (part.get("Content-ID") or not is_attached):
            pictures += 1
        elif kind != "application/pkcs7-signature":
            attached.append(_file_name(part, name))
    body = "\n\n".join(text.strip("\n") for text in plain if text.strip())
    left_out = []
    if not body:
        read = [_page(part, name) for part in pages if _text(part, name).strip()]
        body = "\n\n".join(page.text for page in read)
        left_out += [line for page in read for line in page.left_out]
    if attached:
        zh, en = counted(len(attached), "附件 {} 个", "attachment")[0]
        more = "……" if len(attached) > _MOST_NAMES else ""
        left_out.append(
            (
                f"{zh}（{'、'.join(attached[:_MOST_NAMES])}{more}）",
                f"{en} ({', '.join(attached[:_MOST_NAMES])}{more})",
            )
        )
    left_out += counted(pictures, "图片 {} 张", "picture")
    return body, tuple(left_out)


def _text(part: _Part, name: str) -> str:
    """A part's text, in the encoding that it really has."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload.strip():
        return ""
    text, _ = decode(payload, name, str(part.get_param("charset", "")))
    return without_surrogates(text.replace("\r\n", "\n").replace("\r", "\n"))


def _page(part: _Part, name: str) -> Extracted:
    """A part that is a web page. What the part says of its encoding counts, not what the page says of itself."""
    return extract_html(b"\xef\xbb\xbf" + _text(part, name).encode(), name)


def _header(message: _Part, field: str, name: str) -> str:
    """A header as one line."""
    return one_line(next((_decoded(value, name) for value in _raw_values(message, field, name)), ""))


def _raw_values(message: _Part, field: str, name: str) -> Iterator[str]:
    """The values of a header; one whose characters declare no encoding is decoded like a text."""
    for own, value in message.raw_items():
        if own.lower() == field.lower():
            raw = str(value).encode("ascii", "surrogateescape")
            yield str(value) if raw.isascii() else _decoded_bytes(raw, name, str(message.get_param("charset", "")))


def _decoded(value: str, name: str) -> str:
    """A header's value, its encoded words decoded."""
    if not value.isascii():
        return without_surrogates(value)
    try:
        words = decode_header(value)
    except (ValueError, HeaderParseError):
        return value
    return "".join(
        word if isinstance(word, str) else _decoded_bytes(word, name, charset or "") for word, charset in words
    )


def _decoded_bytes(raw: bytes, name: str, declared: str) -> str:
    try:
        return decode(raw, name, declared)[0] if raw.strip() else " "
    except LoadError:
        return raw.decode("utf-8", "replace")


def _addresses(message: _Part, field: str, name: str, *, names_only: bool = False) -> str:
    """The people of a header: ``张三 <zhang@example.com>``, or their names alone where they have any."""
    shown = []
    for person, address in getaddresses(list(_raw_values(message, field, name))[:_MOST_ADDRESSES]):
        person = one_line(_decoded(person, name))
        only_name = person and (names_only or not address)
        shown.append(person if only_name else f"{person} <{address}>" if person else address)
    more = "……" if len(shown) > _MOST_ADDRESSES else ""
    return one_line("、".join(each for each in shown[:_MOST_ADDRESSES] if each) + more)


def _file_name(part: _Part, name: str) -> str:
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], email.message.Message):  # a mail within the mail
        return _header(inner[0], "Subject", name) or part.get_content_type()
    return one_line(_decoded(part.get_filename() or "", name)) or part.get_content_type()


def _sent(message: _Part) -> datetime | None:
    try:
        return parsedate_to_datetime(str(message.get("Date", "")))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
