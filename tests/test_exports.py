"""Answers as files that are handed on: Word, Markdown and HTML, read back as others read them."""

from __future__ import annotations

import copy
import csv
import datetime
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from hashing_embedder import HashingEmbedder
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
from markdown_it import MarkdownIt

from rag.assistant import Assistant
from rag.errors import UsageError
from rag.exports.references import reference
from rag.exports.saving import FORMATS, exported, save
from rag.exports.visible import visible
from rag.loading import load
from rag.text.documents import Document

RECORD: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "record-1" / "answer.json").read_text("utf-8"))
QUOTE = RECORD["citations"][0]["quote"]
HOSTILE = """# 标题 <script>alert(1)</script> <img src=x onerror=alert(1)> &lt;b&gt; &copy;
[点我](javascript:alert(1)) ![图](https://evil.example/a.png) [1]: https://evil.example <https://evil.example>
https://evil.example www.evil.example a@evil.example **粗** _斜_ ~~删~~ `码` $x^2$ ==亮== :smile: [^1]
- 一
1. 二
| a | b |
|---|---|
===
```
    缩进
<!-- 注 -->
\\[x\\] a\\
=HYPERLINK("https://evil.example")
\u202e倒\u2066\x00\x1b[31m\x0b\ufffe\ud800\U000e0041完"""


def with_quote(quote: str, **changes: Any) -> dict[str, Any]:
    """The record with another quote, and other things told of its document."""
    record = copy.deepcopy(RECORD)
    record["citations"][0].update({"quote": quote, "end": record["citations"][0]["start"] + len(quote), **changes})
    return record


def word(content: bytes) -> Any:
    return docx.Document(io.BytesIO(content))


def rendered(markdown: str) -> Any:
    """What a reader of Markdown shows, as a tree: CommonMark with tables, struck out words, and links by themselves."""
    return lxml_html.document_fromstring(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def quoted(suffix: str, content: bytes) -> str:
    """The first quote in an export, as its format shows it."""
    if suffix == ".docx":
        return str(next(each.text for each in word(content).paragraphs if each.style.name == "Quoted"))
    if suffix == ".html":
        return str(lxml_html.document_fromstring(content.decode()).find(".//blockquote").text_content())
    block = rendered(content.decode()).find(".//blockquote")
    return "\n".join(paragraph.text_content() for paragraph in block.iter("p"))


def lines(text: str) -> list[str]:
    """Lines without the blanks around them, which Markdown does not keep."""
    return [line.strip() for line in text.split("\n") if line.strip()]


# -- read back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_our_own_loaders_find_question_answer_quotes_and_sources(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"answer{suffix}"
    save([RECORD], file, "zh")
    text = load(file).text
    cited = RECORD["citations"][0]
    for words in (
        RECORD["question"]["asked"],
        QUOTE,
        cited["title"],
        cited["date"],
        cited["file_sha256"],
        RECORD["sha256"],
    ):
        assert words in text
    assert text.count(QUOTE) == 2, "in the answer and among the sources"
    places = [text.index(heading) for heading in ("回答", "出处\n", "参考文献\n", "核对\n")]
    assert places == sorted(places)
    assert f"{cited['start']}–{cited['end']}" in text


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_an_answer_gives_in_python_is_what_is_saved(suffix: str, tmp_path: Path) -> None:
    opened = Assistant.open(tmp_path, embedder=HashingEmbedder(), language_model="extractive")
    opened.add(
        Document("我国累计建成5G基站超过264万个。", "/srv/private/report.txt", "通报", datetime.date(2023, 4, 21))
    )
    answer = opened.ask("我国建成了多少个5G基站？")
    made = {".md": answer.to_markdown, ".html": answer.to_html, ".docx": answer.to_word}[suffix]("en")
    told = quoted(suffix, made.encode() if isinstance(made, str) else made)
    assert told == answer.citations[0].quote
    everything = "\n".join(each.text for each in word(made).paragraphs) if isinstance(made, bytes) else made
    assert "report.txt" in everything.replace("\\", "") and "/srv" not in everything
    assert answer.to_record()["sha256"] in everything
    opened.close()


def test_numbers_lead_to_their_sources_and_headings_are_headings() -> None:
    made = word(exported([RECORD], ".docx", "zh"))
    headings = [each.text for each in made.paragraphs if each.style.name == "Heading 1"]
    assert headings == ["回答", "出处", "参考文献", "核对"]
    assert made.core_properties.author == "" and made.core_properties.title == RECORD["question"]["asked"]
    body = made.element.body
    anchors = body.xpath("//w:hyperlink/@w:anchor")
    assert anchors == ["source_1"] and anchors == body.xpath("//w:bookmarkStart/@w:name")
    raised = "".join(run.text for run in body.xpath("//w:r[w:rPr/w:vertAlign[@w:val='superscript']]/w:t"))
    assert raised == "[1]"
    page = lxml_html.document_fromstring(exported([RECORD], ".html", "zh").decode())
    assert [page.get_element_by_id(link.get("href")[1:]).tag for link in page.iter("a")] == ["li"]
    assert "@media print" in page.find(".//style").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_not_borne_out_is_marked_with_its_reason(language: Any) -> None:
    record = copy.deepcopy(RECORD)
    claim = record["claims"][0]
    claim["supported"], claim["checks"]["missing_facts"] = False, ["15.3%"]
    claim["unsure_figures"] = ["15.2%"]
    text = claim["text"]
    record["answer"]["text"] = text * 2  # the second claim directly behind the first
    record["claims"].append({**claim, "start": len(text), "end": 2 * len(text)})
    record["withheld"] = [{"text": "水冰储量翻番。", "checks": {**claim["checks"], "exists": False}}]
    for suffix in FORMATS:
        content = exported([record], suffix, language)
        shown = rendered(content.decode()) if suffix == ".md" else None
        if suffix == ".docx":
            text = "\n".join(each.text for each in word(content).paragraphs)
        else:
            text = content.decode() if shown is None else shown.text_content()
        if shown is not None:
            assert len([each for each in shown.iter("strong") if "15." in each.text_content()]) == 4
        expected = {
            "zh": ["［未证实：引文中没有“15.3%”］", "［识别自图片，可能有误：15.2%］", "水冰储量翻番。（没有找到出处）", "2 句未获证实"],
            "en": ["[not borne out: the cited text does not say “15.3%”]", "may be wrong: 15.2%", "no source was found", "2 of 2"],
        }  # fmt: skip
        assert [words for words in expected[language] if words not in text] == [], suffix
    sound = exported([RECORD], ".html", language).decode()
    assert 'class="remark"' not in sound and 'class="unsupported"' not in sound


def test_a_question_of_any_length_is_there_whole() -> None:
    record = copy.deepcopy(RECORD)
    record["question"]["asked"] = "火星" * 200 + "？"
    made = exported([record], ".md", "zh").decode()
    title, rest = made.split("\n", 1)
    assert len(title) < 70 and record["question"]["asked"] in rest


def test_an_answer_without_a_citation_is_exported() -> None:
    record = copy.deepcopy(RECORD)
    record["claims"], record["citations"] = [], []
    record["answer"].update({"text": "资料未涉及。", "abstained": True})
    for suffix in FORMATS:
        exported([record], suffix, "zh")
    made = exported([record], ".md", "zh").decode()
    assert "资料未涉及。" in made and "没有引用任何原文" in made and "参考文献" not in made


# -- conversations ----------------------------------------------------------------------------------------------------


def test_what_the_catalogue_told_is_no_language_models(tmp_path: Path) -> None:
    with Assistant.open(tmp_path, language_model="extractive", reader="none") as assistant:
        assistant.add([Document(text="东风一期工程投资2.1亿元。", path="a.txt", title="简报")])
        answer = assistant.ask("你这里一共有几份文件？")
    assert answer.is_from_catalogue
    text = answer.to_markdown()
    assert "《简报》" in text and "据文档目录" in text and "语言模型" not in text


def test_a_conversation_numbers_its_sources_through_and_a_span_once() -> None:
    other = with_quote("二期工程尚未开工。", start=300, text_sha256="0" * 64, path="b/other.txt", title="二期")
    other["claims"][0]["citations"] = [1, 2]
    other["citations"] = [other["citations"][0], {**RECORD["citations"][0], "number": 2}]
    other["question"]["asked"], other["sha256"] = "二期呢？", "f" * 64
    made = exported([RECORD, other], ".md", "zh", "火星基地").decode()
    assert made.startswith("# 火星基地\n")
    assert re.findall(r"^## (\d)\\?\. (.*)$", made, re.MULTILINE) == [
        ("1", RECORD["question"]["asked"]),
        ("2", "二期呢？"),
    ]
    assert "<sup>\\[2, 1\\]</sup>" in made
    assert len(re.findall(r"^\d\. \*\*", made, re.MULTILINE)) == 2
    assert "第 1 问的 \\[1\\]、第 2 问的 \\[2\\]" in made
    assert RECORD["sha256"] in made and "f" * 64 in made


# -- untrusted text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_hostile_text_is_shown_and_nothing_else(suffix: str, tmp_path: Path) -> None:
    record = with_quote(
        HOSTILE, title=HOSTILE, source=HOSTILE, speaker=HOSTILE, path=f"/tmp/{HOSTILE}", heading=HOSTILE
    )
    record["question"].update({"asked": HOSTILE, "understood": f"又{HOSTILE}", "filters": {"source": HOSTILE}})
    record["answer"].update({"text": HOSTILE, "notice": HOSTILE})
    record["claims"][0].update({"text": HOSTILE, "start": 0, "end": len(HOSTILE), "supported": False})
    record["claims"][0]["checks"]["missing_facts"] = [HOSTILE]
    record["models"]["language_model"]["name"] = HOSTILE
    record["withheld"] = [{"text": HOSTILE, "checks": record["claims"][0]["checks"]}]
    content = exported([record, record], suffix, "zh", HOSTILE)
    assert lines(quoted(suffix, content)) == lines(visible(HOSTILE))
    assert "⟨U+202E⟩倒⟨U+2066⟩⟨U+0000⟩⟨U+001B⟩" in quoted(suffix, content)
    (tmp_path / f"a{suffix}").write_bytes(content)
    assert "\u202e" not in load(tmp_path / f"a{suffix}").text
    if suffix == ".docx":
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            written = b"".join(map(parts.read, parts.namelist()))
        assert b"External" not in written and b"instrText" not in written
        assert re.findall(rb'w:instr="([^"]*)"', written) == [b"PAGE"]
        return
    tree = rendered(content.decode()) if suffix == ".md" else lxml_html.document_fromstring(content.decode())
    sound = exported([with_quote(QUOTE)] * 2, suffix, "zh", "题")
    allowed = {"ul", "li", "strong", "em", "span", "br", "hr"} | {
        each.tag for each in (rendered if suffix == ".md" else lxml_html.document_fromstring)(sound.decode()).iter()
    }
    assert {each.tag for each in tree.iter()} <= allowed - {"hr"}
    assert all(link.get("href").startswith("#source-") for link in tree.iter("a"))
    assert "//evil" not in "".join(value for each in tree.iter() for value in each.attrib.values())


TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("#*_`[]()<>&|~$\\-+=.:!@^{} \t\n1w火，")), min_size=1, max_size=60
).filter(lambda text: bool(visible(text).strip()))


@given(quote=TEXTS)
def test_any_quote_is_shown_as_it_is(quote: str) -> None:
    assert quoted(".html", exported([with_quote(quote)], ".html", "zh")) == visible(quote)
    assert lines(quoted(".md", exported([with_quote(quote)], ".md", "zh"))) == lines(visible(quote))


@settings(max_examples=10)
@given(quotes=st.lists(TEXTS, min_size=5, max_size=5))
def test_any_quotes_are_shown_as_they_are_in_word(quotes: list[str]) -> None:
    made = word(exported([with_quote(quote, path=str(n)) for n, quote in enumerate(quotes)], ".docx", "zh"))
    shown = [each.text for each in made.paragraphs if each.style.name == "Quoted"]
    assert shown == [visible(quote) for quote in quotes]


# -- references -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "通报[Z]. 新华社, 2023-04-21."),
        ({"date_is_guessed": True}, "通报[Z]. 新华社, [2023-04-21]."),
        ({"date": None}, "通报[Z]. 新华社."),
        ({"source": ""}, "通报[Z]. 2023-04-21."),
        ({"source": "", "date": None}, "通报[Z]."),
        ({"pages": [3, 5]}, "通报[Z]. 新华社, 2023-04-21: 3, 5."),
        ({"title": "通\n报"}, "通 报[Z]. 新华社, 2023-04-21."),
        ({"path": "https://a.example/b"}, "通报[EB/OL]. 新华社(2023-04-21)[2026-11-30]. https://a.example/b."),
        (
            {"path": "https://a.example/b", "source": "", "date": None},
            "通报[EB/OL]. [2026-11-30]. https://a.example/b.",
        ),
    ],
)
def test_references_have_the_form_of_the_standard_and_invent_nothing(changes: dict[str, Any], expected: str) -> None:
    known = {"title": "通报", "source": "新华社", "date": "2023-04-21", "path": "/a/b.txt", "date_is_guessed": False}
    pages = changes.pop("pages", []) if "pages" in changes else []
    assert reference({**known, **changes}, pages, "2026-11-30") == expected


def test_a_guessed_day_is_marked_wherever_it_shows() -> None:
    for suffix in (".md", ".html"):
        made = exported([with_quote(QUOTE, date_is_guessed=True)], suffix, "zh").decode().replace("\\", "")
        assert "2023-04-21（据文件名推测）" in made and "[2023-04-21]." in made and "系据文件名推测" in made
        assert "推测" not in exported([RECORD], suffix, "zh").decode()


# -- figures ----------------------------------------------------------------------------------------------------------


def with_claim(claim: str, quote: str, **changes: Any) -> dict[str, Any]:
    """The record with one claim, and what that cites."""
    record = with_quote(quote, **changes)
    text = {"text": claim, "start": 0, "end": len(claim), "calculation": None}
    record["claims"] = [{**record["claims"][0], **text, "citations": [1]}]
    return record


def rows(records: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The lines of a table of figures, by its heads."""
    content = exported(records, ".csv", "en").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_each_figure_has_its_time_number_unit_and_exact_span() -> None:
    quote = "截至2023年6月底，全市充电桩超过4.1万台，\n其中快充桩1.2万台。"
    record = with_claim("截至2023年6月底，全市充电桩超过4.1万台，其中快充桩1.2万台。", quote)
    first, second = rows([record])
    assert (first["number"], first["unit"], first["bound"]) == ("41000", "台", "超过")
    assert (second["number"], second["as written"]) == ("12000", "1.2万台")
    start = record["citations"][0]["start"]
    for row in (first, second):
        assert (row["first day"], row["last day"], row["source no."]) == ("2023-06-30", "2023-06-30", "1")
        span = slice(int(row["figure starts at"]) - start, int(row["figure ends before"]) - start)
        assert quote[span] == row["as written"]


def test_figures_of_a_conversation_tell_their_question_and_what_was_calculated_has_no_span() -> None:
    calculated = with_claim("甲桥比乙桥多投资100万元。", "甲桥投资400万元。")
    calculated["claims"][0]["calculation"] = {"result": "100万元"}
    first, second = rows([with_claim("修路3公里。", "修路3公里。"), calculated])
    assert (first["question no."], first["calculated"]) == ("1", "")
    assert (second["question no."], second["calculated"], second["figure starts at"]) == ("2", "yes", "")


def test_a_workbook_of_figures_is_read_back_with_its_sources(tmp_path: Path) -> None:
    save([with_claim("修路3公里。", "修路3公里。", title=HOSTILE)], tmp_path / "figures.xlsx", "zh")
    text = load(tmp_path / "figures.xlsx").text
    assert "## 数字" in text and "## 出处" in text and "| 3 | 公里 |" in text
    with zipfile.ZipFile(tmp_path / "figures.xlsx") as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if "worksheets/" in name]
    assert len(sheets) == 2 and not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_spreadsheet_takes_text_for_a_formula(formula: str) -> None:
    (row,) = rows([with_claim("修路3公里。", "修路3公里。", title=formula)])
    assert row["document"] == f"'{formula}"


# -- files ------------------------------------------------------------------------------------------------------------


def test_nothing_is_overwritten_and_no_other_format_taken(tmp_path: Path) -> None:
    taken = tmp_path / "taken.md"
    taken.write_text("mine")
    for path in (taken, tmp_path / "a.pdf", tmp_path / "a", tmp_path / "none" / "a.md"):
        with pytest.raises(UsageError):
            save([RECORD], path, "zh")
    assert taken.read_text() == "mine" and [each.name for each in tmp_path.iterdir()] == ["taken.md"]
    save([RECORD], tmp_path / "A.DOCX", "zh")
    assert word((tmp_path / "A.DOCX").read_bytes()).paragraphs
