"""HTML as people have it: whole pages after the manner of real sites, and each thing that a page may hold."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import pytest

from rag.formats import html
from rag.loading import load_bytes
from rag.loading.base import Extracted

PAGES = Path(__file__).parent / "data" / "pages"

SURPLUS = {
    "company_announcement": [
        "华远股份 12.35 +1.23%",
        "郑重声明：本网站所载信息仅供参考，不构成投资建议，据此操作，风险自担。",
    ],
    "index_page": ["共1页 首页 尾页"],
    "news_obfuscated": ["关于我们广告服务诚聘英才", "违法和不良信息举报电话：000-00000000"],
    "wechat_article": ["阅读原文"],
    "wechat_sections": ["往期推荐", "公积金提取指南", "个税汇算怎么办", "分享收藏点赞在看"],
}
"""Lines that stand around the article and are kept nevertheless, as nothing tells them from it."""


def extracted(page: str) -> Extracted:
    return html.extract(page.encode(), "a.html")


def text(page: str) -> str:
    return extracted(page).text


@pytest.mark.parametrize("page", sorted(path.stem for path in PAGES.glob("*.html")))
def test_pages_of_real_sites(page: str) -> None:
    lines = html.extract((PAGES / f"{page}.html").read_bytes(), page).text.split("\n")
    expected = (PAGES / f"{page}.txt").read_text("utf-8").splitlines()
    surplus = SURPLUS.get(page, [])
    assert [line for line in lines if line not in surplus] == expected
    assert [line for line in lines if line in surplus] == surplus


def test_what_a_page_leaves_out_is_counted() -> None:
    found = html.extract((PAGES / "news_semantic.html").read_bytes(), "a.html")
    assert found.title == "青川高铁今日开通运营"
    assert found.date == datetime.date(2023, 9, 28)
    assert found.source == "滨海网"
    assert found.left_out == (
        ("导航、页脚等 6 处", "navigation, footers and the like: 6"),
        ("图片 1 张", "pictures: 1"),
    )


def test_text_that_only_looks_like_surroundings_is_kept() -> None:
    page = """<body class="right-sidebar with-comments"><div class="left"><div class="share-price">
    <h1>公司股价</h1><p>昨日收盘价为12.6元，较前日上涨3%。</p><p class="comment">分析师评论：业绩好于预期。</p>
    <p><a href="/a">公告一</a>和<a href="/b">公告二</a>已经披露，投资者可以查阅。</p></div>
    <p>附件：<a href="a.pdf">公告.pdf</a> <a href="b.doc">附表.doc</a></p></div></body>"""
    assert text(page) == (
        "# 公司股价\n昨日收盘价为12.6元，较前日上涨3%。\n分析师评论：业绩好于预期。\n公告一和公告二已经披露，投资者可以查阅。\n"
        "附件：公告.pdf 附表.doc"
    )


def test_words_that_only_look_like_buttons_are_kept() -> None:
    page = (
        "<h1>帮助</h1><p>如何操作，见下。</p><table><tr><td>操作<td>状态<td>链接<tr><td>打印<td>关闭<td><a href=a>打印</a></table>"
        "<ul><li>打印</li><li>分享</li></ul><div><a href='javascript:print()'>打印</a> <a href='#' onclick='x()'>关闭</a></div>"
    )
    assert text(page) == (
        "# 帮助\n如何操作，见下。\n| 操作 | 状态 | 链接 |\n| --- | --- | --- |\n| 打印 | 关闭 | 打印 |\n- 打印\n- 分享"
    )


def test_lists_of_links_in_an_article_are_kept_where_one_section_holds_nearly_all_sentences() -> None:
    page = (
        "<h1>桥</h1><div><p>桥长，一里。</p><h2>参见</h2><ul><li><a href=a>河流列表</a></li><li><a href=b>斜拉桥</a></li></ul>"
        f"<h2>历史</h2><div>{'<p>始建于明代，历代重修，今仍通行。</p>' * 9}</div></div>"
    )
    assert text(page).startswith("# 桥\n桥长，一里。\n## 参见\n- 河流列表\n- 斜拉桥\n## 历史\n始建")


def test_a_page_of_links_alone_is_kept() -> None:
    links = "".join(f"<li><a href='/{number}'>政策文件之{number}</a></li>" for number in "一二三")
    assert text(f"<div><ul>{links}</ul></div>") == "- 政策文件之一\n- 政策文件之二\n- 政策文件之三"


def test_a_page_of_nothing_else_is_kept() -> None:
    assert text("<nav>导航</nav><div class=comment>好</div><footer>脚</footer>") == "导航\n好\n脚"


def test_a_page_that_a_script_would_show_is_read() -> None:
    assert text("<div id=js_content style='visibility: hidden'><p>正文一段。</p></div><p hidden>隐</p>") == "正文一段。"


TABLES = {
    "heads, spans and a foot that stands first": (
        "<table><caption>表1</caption><thead><tr><th colspan=3>单位：万吨<tr><th rowspan=2>地区<th colspan=2>产量"
        "<tr><th>2022年<th>2023年</thead><tfoot><tr><td>合计<td>9<td>10</tfoot>"
        "<tbody><tr><td rowspan=0>甲县<td>3<br>约<td>4|5<tr><td>6<td><p>7</p><p>8</p></tbody></table>",
        "表1\n单位：万吨\n| 地区 | 产量 ||\n| ^^ | 2022年 | 2023年 |\n| --- | --- | --- |\n| 甲县 | 3<br>约 | 4\\|5 |\n"
        "| ^^ | 6 | 7<br>8 |\n| 合计 | 9 | 10 |",
    ),
    "heads of rows": (
        "<table><tr><th scope=row>全长<td>2156米<tr><th scope=row>启用<td>1998年</table>",
        "| --- | --- |\n| 全长 | 2156米 |\n| 启用 | 1998年 |",
    ),
    "a table within a cell": (
        "<table border=1><tr><th>项目<th>内容<tr><td>名额<td><table><tr><td>甲<td>1<tr><td>乙<td>2</table></table>",
        "| 项目 | 内容 |\n| --- | --- |\n| 名额 | 甲 1<br>乙 2 |",
    ),
    "a note across the table": (
        "<table><tr><td>年份<td>产量<tr><td>甲<td>3<tr><td colspan=2>注：初步统计数。</table><p>后</p>",
        "| 年份 | 产量 |\n| --- | --- |\n| 甲 | 3 |\n注：初步统计数。\n后",
    ),
    "hidden rows and cells": (
        "<table><tr><th>甲<th>乙<th hidden>丙<tr style='display:none'><td>x<td>y<td>z<tr><td>1<td>2<td hidden>3</table>",
        "| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |",
    ),
    "one column arranges text": ("<table><tr><td><h2>题</h2><p>一</p><tr><td>二</table>", "## 题\n一\n二"),
    "a page arranged by tables": (
        "<table><tr><td>首栏<td><table><tr><td>长长的正文一段。<tr><td>长长的正文又一段。</table></table>",
        "首栏\n长长的正文一段。\n长长的正文又一段。",
    ),
    "a list in a cell": (
        "<table><tr><th>类别<th>要求<tr><td>甲<td><ol><li>一<li>二</ol></table>",
        "| 类别 | 要求 |\n| --- | --- |\n| 甲 | 1. 一<br>2. 二 |",
    ),
    "cells without rows, rows in a form": (
        "<table><form><tr><td>甲<td>乙<td>丙</tr></form><td>1<td>2<td>3</table>",
        "| 甲 | 乙 | 丙 |\n| --- | --- | --- |\n| 1 | 2 | 3 |",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name: str) -> None:
    page, expected = TABLES[name]
    assert text(page) == expected


NOTES = {
    "of an encyclopedia, one used twice": (
        "<p>全长<sup id=r1><a href='#n1'>[1]</a></sup>约2156<sup id=r2><a href='https://a.invalid/w#n2'>[注 1]</a></sup>米"
        "<sup id=r3><a href='#n1'>[1]</a></sup>。</p><ol><li id=n1><b>^</b> <a href='#r1'><sup>1.0</sup></a> "
        "<a href='#r3'><sup>1.1</sup></a> <cite>市志.2001.</cite></li><li id=n2><a href='#r2'>↑</a> 一说<i>2160</i>米。</li></ol>",
        "全长[^1]约2156[^注1]米[^1]。\n[^1]: 市志.2001.\n[^注1]: 一说2160米。",
    ),
    "of a government, several in one paragraph": (
        "<p>产量264<a href='#b1' name='a1'>[1]</a>万吨，增长3%<a href='#b2' name='a2'>②</a>。</p>"
        "<p><a href='#a1' name='b1'>[1]</a> 指干重。<br><a href='#a2' name='b2'>②</a>可比价格。</p>",
        "产量264[^1]万吨，增长3%[^2]。\n[^1]: 指干重。\n[^2]: 可比价格。",
    ),
    "of a word processor": (
        "<p>增长3%<a href='#_ftn1' name='_ftnref1'><sup>[1]</sup></a>。</p><div id='ftn1'><p>"
        "<a href='#_ftnref1' name='_ftn1'>[1]</a> 可比价格。</p></div>",
        "增长3%[^1]。\n[^1]: 可比价格。",
    ),
    "whose number stands before it": (
        "<p>增长3<sup><a href='#n1'>1</a></sup>倍<sup><a href='#n2'>2</a></sup></p><p id=n1>1. 同比。</p><p id=n2>2.5万吨以上。</p>",
        "增长3[^1]倍[^2]\n[^1]: 同比。\n[^2]: 2.5万吨以上。",
    ),
    "without its note": (
        "<p>增长3<sup><a href='#gone'>[1]</a></sup>，<sup>②</sup>共264<sup>1,2</sup></p>",
        "增长3[1]，②共264[1,2]",
    ),
    "links that are none": (
        "<p><a href='#b'>第2章</a>与<a href='#b'>3</a></p><h2 id=b>章</h2><p>文。</p>",
        "第2章与3\n## 章\n文。",
    ),
}


@pytest.mark.parametrize("name", NOTES)
def test_notes(name: str) -> None:
    page, expected = NOTES[name]
    assert text(page) == expected


BLOCKS = {
    "10<sup>4</sup> m<sup>2</sup> CO<sub>2</sub> x<sup>n−1</sup> 5<sup>th</sup> 10<sup>3.5</sup> 2<sub>abc</sub>": (
        "10⁴ m² CO₂ xⁿ⁻¹ 5th 10^3.5 2abc"
    ),
    "价<del>9元</del><ins>8元</ins><s>7</s><span style='text-decoration: line-through'>6</span>": "价8元",
    "<ol type=a start=3><li>甲<li>乙<ul><li>内</ul></ol>": "c. 甲\nd. 乙\n- 内",
    "<ol reversed><li>甲<li value=9>乙<li>丙</ol>": "3. 甲\n9. 乙\n8. 丙",
    "<ol type=I start=4><li>甲<li>乙</ol><ol type=i><li>丙</ol><ol type=A start=27><li>丁</ol>": "IV. 甲\nV. 乙\ni. 丙\nAA. 丁",
    "<ol style='list-style-type: cjk-ideographic' start=9><li>甲<li>乙<li>丙<li value=205>丁</ol>": (
        "九、甲\n十、乙\n十一、丙\n二百零五、丁"
    ),
    "<ol style='list-style:none'><li>（一）甲</ol><ul style='list-style: decimal'><li>乙</ul>": "（一）甲\n1. 乙",
    "<dl><dt>主管部门<dd>科技局<dd>农业局<dt>问：何时？<dd>明年。<dt>电话：<dd>110</dl>": (
        "主管部门：科技局\n农业局\n问：何时？\n明年。\n电话：110"
    ),
    "<details><summary>安排</summary>共两年</details><template>模板</template><input value=值>": "安排\n共两年",
    "<p># 不是标题</p><pre># 注释<br>b<!-- 评 -->\n  c</pre><p>#话题#</p>": "\\# 不是标题\n\\# 注释\nb\n  c\n#话题#",
    "<math><mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mi>b</mi></mfrac><mo>=</mo><msqrt><msup><mi>x</mi><mn>2</mn></msup></msqrt></math>": (
        "(a+1)/b=√(x²)"
    ),
    "<p>即<math><semantics><mtable><mtr><mtd><mn>1</mn></mtd></mtr></mtable><annotation encoding='application/x-tex'>"
    "\\begin{matrix}1\\end{matrix}</annotation></semantics></math>。</p>": "即\\begin{matrix}1\\end{matrix}。",
    "<p>他说<q>好</q>。<wbr>见<img src=a alt=图>图</p>": "他说“好”。见图",
}


@pytest.mark.parametrize("page", BLOCKS)
def test_blocks(page: str) -> None:
    assert text(page) == BLOCKS[page]


def test_what_is_left_out_is_told_in_both_languages() -> None:
    page = (
        "<p>正文<img src=a><img src=b><del>旧</del><ruby>字<rt>zi</rt></ruby></p><p hidden>隐</p><select><option>选</select>"
        "<video>视</video><math><mtable><mtr><mtd><mn>1</mn></mtd></mtr></mtable></math><nav></nav><style>p{}</style>"
    )
    assert extracted(page).left_out == (
        ("不显示的文字 1 处", "text that is not shown: 1"),
        ("划去的文字 1 处", "struck-out text: 1"),
        ("注音 1 处", "readings beside characters: 1"),
        ("表单控件 1 个", "form controls: 1"),
        ("音频、视频等嵌入内容 1 处", "sound, video and other embedded content: 1"),
        ("图片 2 张", "pictures: 2"),
        ("无法写成一行的公式 1 个", "formulas that make no line of text: 1"),
    )
    assert extracted("<p>正文</p>").left_out == ()


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>防汛通知 - 某某网</title>", "防汛通知"),
        ("<title>某某县政府_防汛通知</title>", "防汛通知"),
        ("<title>关于防汛 - 防灾的通知</title>", "关于防汛 - 防灾的通知"),
        ("<title>防汛通知补充</title>", "防汛通知补充"),
        ("<title></title><meta property='og:title' content='题'>", "题"),
        ("<title>甲乙|站</title><meta name=ArticleTitle content='甲乙'>", "甲乙"),
    ],
)
def test_titles_lose_the_name_of_the_site_where_the_page_says_the_rest(head: str, title: str) -> None:
    assert extracted(f"{head}<h1>防汛通知</h1><p>文。</p>").title == title


@pytest.mark.parametrize(
    "script",
    [
        '{"@graph":[{"@type":"WebSite"},{"datePublished":"2023-05-06","publisher":{"name":"县报"}}]}',
        '[{"datePublished":"2023-05-06","publisher":"县报"}]',
    ],
)
def test_linked_data(script: str) -> None:
    found = extracted(f"<script type='application/ld+json'>{script}</script><p>文</p>")
    assert (found.date, found.source) == (datetime.date(2023, 5, 6), "县报")


CHARACTERS = "镕和喆的𠮷屋，经济运行总体平稳，城乡居民收入持续增加。"


@pytest.mark.parametrize(
    ("declaration", "codec"),
    [
        ("<meta charset=gb2312>", "gb18030"),
        ("<meta charset=utf-8>", "gb18030"),
        ("<meta http-equiv=Content-Type content='text/html; charset=gbk'>", "utf-8"),
        ("<?xml version='1.0' encoding='GB2312'?>", "gb18030"),
        ("<meta charset=big5>", "utf-8-sig"),
        ("", "utf-16"),
    ],
)
def test_declared_encodings_are_evidence_only(declaration: str, codec: str) -> None:
    raw = f"{declaration}<html><p>{CHARACTERS}</p></html>".encode(codec)
    assert load_bytes(raw, "a.html").text == CHARACTERS


def test_a_few_broken_bytes_cost_those_alone() -> None:
    raw = f"<meta charset=gbk><p>{CHARACTERS * 100}</p>".encode("gb18030")
    found = html.extract(raw + b"<p>\xb3</p>\0", "a.html")
    assert found.text == CHARACTERS * 100
    assert found.left_out == (("无法解码的字节 1 处", "bytes that cannot be decoded: 1"),)


HOSTILE = {
    "spans": "<table>" + ("<tr>" + "<td colspan=100000 rowspan=65000>1" * 300) * 300 + "</table>",
    "one wide row": "<table>" + "<tr><td>1" * 3_000 + "<tr>" + "<td>1" * 3_000 + "</table>",
    "one line": "<p>" + "字，" * 1_500_000,
    "blanks": "<p>字" + " \n" * 1_000_000,
    "attributes": f"<p class='{'nav ' * 500_000}' style='{'text-decoration:' * 100_000}'>字</p>",
    "buttons": f"<p>字号{'A+' * 39}x</p>" * 1_000,
    "a list": "<ol reversed>" + "<li>a" * 20_000,
    "nested tables": "<table border=1><tr><td>a<td>b<tr><td>" * 600,
    "notes": "<p>" + "".join(f"字<a href='#n{one}'>[1]</a>" for one in range(9_000)) + "<p>"
    + "".join(f"<a name='n{one}'>[1]</a>注<br>" for one in range(9_000)),
    "linked data": "<script type='application/ld+json'>" + "[" * 100_000 + "</script><p>字",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_take_bounded_time(name: str) -> None:
    began = time.process_time()
    assert text(HOSTILE[name])
    assert time.process_time() - began < 15
