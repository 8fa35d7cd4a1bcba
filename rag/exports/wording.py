"""What an exported file says besides the words of its answers, in Chinese and English."""

from rag.messages import Language

_TEXTS: dict[str, tuple[str, str]] = {
    "conversation": ("对话", "Conversation"),
    "answer": ("回答", "Answer"),
    "sources": ("出处", "Sources"),
    "references": ("参考文献", "References"),
    "verification": ("核对", "Verification"),
    "numbered_question": ("{n}. {question}", "{n}. {question}"),
    "full_question": ("问题：{question}", "Question: {question}"),
    "understood": ("理解为：{question}", "Understood as: {question}"),
    "limited_to": ("检索范围：{filters}", "Limited to: {filters}"),
    "after": ("不早于 {value}", "not before {value}"),
    "before": ("不晚于 {value}", "not after {value}"),
    "speaker": ("发言人 {value}", "speaker {value}"),
    "source": ("来源 {value}", "source {value}"),
    "document_id": ("文档 {value}", "document {value}"),
    "document_ids": ("文档 {value}", "documents {value}"),
    "made": (
        "{moment}（UTC），由有据（Youju {version}）作答；{writer}",
        "{moment} UTC, answered by Youju {version}; {writer}",
    ),
    "listed": ("回答据文档目录，没有引用原文", "the answer is from the list of documents and quotes none"),
    "quoted": ("回答摘录自原文", "the answer quotes its sources"),
    "written": ("回答由语言模型 {model} 撰写", "the answer was written by the language model {model}"),
    "calculated": (
        "{writer}，其中的计算由程序据引文算出",
        "{writer}; what is calculated, the program calculated from them",
    ),
    "all_supported": ("{n} 句话均与引文核对相符。", "All {n} claims agree with what they cite."),
    "one_supported": ("这句话与引文核对相符。", "The claim agrees with what it cites."),
    "some_unsupported": (
        "{n} 句话中有 {bad} 句未获证实，已在文中标出。",
        "{bad} of {n} claims are not borne out; they are marked in the text.",
    ),
    "withheld": ("因未获证实而没有写入回答：", "Left out of the answer, because not borne out:"),
    "unsupported": ("未证实：{why}", "not borne out: {why}"),
    "no_citation": ("没有找到出处", "no source was found"),
    "missing_facts": ("引文中没有“{facts}”", "the cited text does not say “{facts}”"),
    "unsupported_words": ("引文不支持“{words}”", "the cited text does not bear out “{words}”"),
    "weak_support": ("引文与这句话不够一致", "the cited text says something else"),
    "unsure": ("识别自图片，可能有误：{words}", "recognised on an image, may be wrong: {words}"),
    "aside": ("［{text}］", " [{text}]"),
    "reason": ("{claim}（{why}）", "{claim} ({why})"),
    "between_filters": ("；", "; "),
    "guessed_day": ("{day}（据文件名推测）", "{day} (guessed from the file's name)"),
    "undated": ("日期不详", "undated"),
    "page": ("第 {page} 页", "page {page}"),
    "nothing_cited": ("没有引用任何原文。", "Nothing was cited."),
    "reference_form": (
        "按 GB/T 7714—2015 著录；方括号中为出处编号。资料未载明的项目（如责任者）不著录。",
        "In the form of GB/T 7714—2015; the brackets hold the numbers of the sources. What the documents do not state, "
        "such as an author, is left out.",
    ),
    "reference_guess": (
        "日期外加方括号的，系据文件名推测。",
        "A date in square brackets was guessed from the file's name.",
    ),
    "by_hand": (
        "每处引文都是原文件中的一段字符。先比对文件的 SHA-256，确认是同一份文件；再看其文字（按 UTF-8 计 SHA-256）中从 0 数起的"
        "第“起”至“止”个字符（不含“止”）是否与引文一字不差。",
        "Each quote is a span of characters of its document. Compare the SHA-256 of the file to know it for the same; "
        "then see whether the characters of its text (whose SHA-256 is taken as UTF-8) from the first number up to, but "
        "without, the second, counted from 0, are the quote.",
    ),
    "by_program": (
        "用程序核对：youju verify 记录.json --files 文件。程序核对的是随回答保存的 JSON 记录（窗口中的“存证”，或 youju ask "
        "--record），不是本文件；记录没有藏在本文件里，请一并转交。本文件对应的记录，其 sha256 一项为：",
        "By program: youju verify RECORD.json --files FILE. What it verifies is the JSON record of the answer (“Record” in "
        "the window, or youju ask --record), not this file; the record is not hidden in this file, so hand it on as well. "
        "The records that this file was made from say under sha256:",
    ),
    "record": ("第 {n} 问“{question}”：{sha256}", "Question {n}, “{question}”: {sha256}"),
    "span": ("[{number}] 第 {start}–{end} 字符", "[{number}] characters {start}–{end}"),
    "span_of_turn": (
        "[{number}] 第 {start}–{end} 字符（记录中是{places}）",
        "[{number}] characters {start}–{end} (in the records {places})",
    ),
    "place": ("第 {n} 问的 [{number}]", "[{number}] of question {n}"),
    "file_sha256": ("文件 SHA-256：{value}", "SHA-256 of the file: {value}"),
    "no_file": ("文件 SHA-256：无（不是文件）", "SHA-256 of the file: none (it was no file)"),
    "figures": ("数字", "Figures"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "column_question_number": ("第几问", "question no."),
    "column_question": ("问题", "question"),
    "column_claim": ("回答中的句子", "claim"),
    "column_first": ("时间起", "first day"),
    "column_last": ("时间止", "last day"),
    "column_bound": ("限定", "bound"),
    "column_number": ("数值", "number"),
    "column_unit": ("单位", "unit"),
    "column_written": ("写法", "as written"),
    "column_calculation": ("由程序算出", "calculated"),
    "column_supported": ("核对相符", "borne out"),
    "column_source_number": ("出处编号", "source no."),
    "column_title": ("文档", "document"),
    "column_publisher": ("来源", "source"),
    "column_published": ("文档日期", "date of document"),
    "column_page": ("页", "page"),
    "column_file": ("文件", "file"),
    "column_figure_start": ("数字起", "figure starts at"),
    "column_figure_end": ("数字止", "figure ends before"),
    "column_start": ("引文起", "quote starts at"),
    "column_end": ("引文止", "quote ends before"),
    "column_quote": ("引文", "quote"),
    "text_sha256": ("文字 SHA-256：{value}", "SHA-256 of its text: {value}"),
}


def say(key: str, language: Language, **values: object) -> str:
    """The text for ``key``, its places filled in."""
    return _TEXTS[key][0 if language == "zh" else 1].format(**values)
