"""What the chat window says, in Chinese and English, and how its components change from one to the other.

Components are made with :meth:`Interface.text` or registered with :meth:`Interface.show`: they appear in the browser's
language by Gradio's ``I18n``, and :meth:`Interface.updates` gives what the language switch has to change. HTML made on
the server takes the language from the session and calls :func:`say`.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import gradio as gr

Language = Literal["zh", "en"]

TEXTS: dict[str, tuple[str, str]] = {
    "language": ("界面语言", "Interface language"),
    "tab_chat": ("问答", "Chat"),
    # conversations
    "conversations": ("对话", "Conversations"),
    "new_conversation": ("新对话", "New conversation"),
    "search_conversations": ("搜索对话", "Search conversations"),
    "open_rail": ("对话与资料", "Conversations and sources"),
    # what is asked
    "scope": ("在哪些资料里找（不选即全部）", "Ask these sources (none ticked: all)"),
    "scope_search": ("查找资料", "Find a source"),
    "scope_folder": ("{name}/（{n} 份）", "{name}/ ({n})"),
    "scope_chosen": ("已选 {n} 项", "{n} chosen"),
    "rename": ("改名", "Rename"),
    "delete": ("删除", "Delete"),
    "new_title": ("对话标题", "Title of the conversation"),
    "save": ("保存", "Save"),
    "cancel": ("取消", "Cancel"),
    "confirm_delete": ("确认删除", "Delete for good"),
    # asking
    "question": ("问题", "Question"),
    "ask_placeholder": ("就文档提问……", "Ask about the documents…"),
    "ask": ("提问", "Ask"),
    "stop": ("停止", "Stop"),
    "queued": ("随后回答", "Next"),
    "filters": ("限定范围", "Limit the search"),
    "filter_after": ("不早于", "Not before"),
    "filter_before": ("不晚于", "Not after"),
    "filter_source": ("来源", "Source"),
    "filter_documents": ("资料", "Sources"),
    "filter_speaker": ("说话人", "Speaker"),
    "limited_to": ("范围", "Limited to"),
    "clear_filter": ("取消", "Remove"),
    "editing": ("改问上一个问题", "Editing the question"),
    "answers_now": ("由 {model} 作答", "Answered by: {model}"),
    "change_model": ("在设置中更换", "Change it under Settings"),
    "quoted_instead": ("这次改由原文摘录作答。", "This answer quotes the sources instead."),
    "examples": ("不妨这样问", "You might ask"),
    "welcome": ("问文档，看出处。", "Ask the documents. See the source."),
    "welcome_more": (
        "每句话都标明出处；点一下编号，原文就在旁边。资料里没有的，会直说没有。",
        "Every sentence names its source; a click on a number shows the original beside it. What the documents do not say, you will be told so.",
    ),
    "documents_ready": ("{n} 份文档可供提问", "{n} documents to ask"),
    # answers
    "understood": ("理解为", "Understood as"),
    "evidence": ("证据", "Evidence"),
    "searching": ("正在查找证据……", "Looking for evidence…"),
    "section_read": (
        "正在通读：第 {document}/{documents} 份，第 {section}/{sections} 节……",
        "Reading document {document}/{documents}, section {section}/{sections}…",
    ),
    "writing": ("正在作答，尚未核对……", "Writing; not yet checked…"),
    "evidence_in": ("{n} 句证据，{seconds:.2f} 秒", "{n} sentences of evidence in {seconds:.2f} s"),
    "answer": ("回答", "Answer"),
    "all_supported": ("{n} 句话，句句经过核对", "{n} claims, all checked against their sources"),
    "one_supported": ("这句话经过核对", "checked against its source"),
    "some_unsupported": ("{n} 句话中有 {bad} 句未获证实，已标出", "{bad} of {n} claims not borne out, marked"),
    "abstained": ("资料中没有答案", "The documents do not say"),
    "nearest": ("最接近的段落", "Nearest passages"),
    "withheld": ("{n} 句话因未获证实没有写入回答", "{n} claims were left out because they are not borne out"),
    "unsupported": ("未证实", "not borne out"),
    "missing_facts": ("原文没有“{facts}”", "the source does not say “{facts}”"),
    "no_citation": ("没有找到出处", "no source was found"),
    "unsupported_words": ("原文不支持“{words}”", "the source does not bear out “{words}”"),
    "weak_support": ("原文与这句话不够一致", "the source says something else"),
    "copy_quote": ("复制这句原文", "Copy the quote"),
    "open_source": ("看原文", "Show it in the source"),
    "cited_as": ("出处 {n}：《{title}》", "Source {n}: {title}"),
    "stopped": ("已停止，以下文字未经核对", "Stopped; what was written is unchecked"),
    "stopped_empty": ("已停止，尚未作答", "Stopped before the answer began"),
    "failed": ("没有答成", "No answer"),
    "answered_by": ("{model} 作答，{seconds:.1f} 秒", "by {model} in {seconds:.1f} s"),
    "from_catalogue": (
        "据文档目录，没有引用原文，{seconds:.1f} 秒",
        "from the catalogue, nothing is quoted, {seconds:.1f} s",
    ),
    "extractive": ("原文摘录", "quotation"),
    "copy": ("复制", "Copy"),
    "copied": ("已复制", "Copied"),
    "copy_long": ("连同出处复制", "Copy with its sources"),
    "good": ("有用", "Good"),
    "bad": ("有问题", "Bad"),
    "good_long": ("这个回答有用", "This answer is good"),
    "bad_long": ("这个回答有问题", "Something is wrong with this answer"),
    "retry": ("重答", "Retry"),
    "retry_long": ("重新回答这个问题", "Answer this question again"),
    "edit": ("改问", "Edit"),
    "edit_long": ("修改问题再问", "Edit the question and ask again"),
    "trace": ("经过", "Trace"),
    "trace_long": ("这个回答是怎样得来的", "How this answer came about"),
    "record": ("存证", "Record"),
    "record_long": (
        "下载记录，日后可用 youju verify 核对引文",
        "Download a record; 'youju verify' checks its quotes later",
    ),
    "export": ("导出", "Export"),
    "export_long": ("把这个回答连同出处存成文件", "Save this answer with its sources as a file"),
    "export_docx": ("Word", "Word"),
    "export_md": ("Markdown", "Markdown"),
    "export_html": ("网页", "Web page"),
    "export_xlsx": ("数字 Excel", "Figures, Excel"),
    "export_csv": ("数字 CSV", "Figures, CSV"),
    "nothing_to_export": ("这个对话还没有可以导出的回答。", "This conversation has no answer to export yet."),
    "some_not_exported": (
        "{n} 个没有答完的问题没有导出。",
        "Questions without a finished answer were left out: {n}.",
    ),
    "actions": ("对这个回答", "For this answer"),
    "you_said": ("您的评价：{reason}", "You said: {reason}"),
    "sources_list": ("引文", "Citations"),
    # feedback
    "what_is_wrong": ("问题出在哪里？", "What is wrong?"),
    "reason_wrong_figure": ("数字或事实不对", "A figure or fact is wrong"),
    "reason_wrong_source": ("出处不对", "The source is wrong"),
    "reason_incomplete": ("答得不全", "It is incomplete"),
    "reason_should_abstain": ("资料里没有，不该作答", "The documents do not say this"),
    "reason_should_answer": ("资料里有，却没有答出", "The documents do answer this"),
    "reason_other": ("其他", "Something else"),
    "comment": ("补充说明（可不填）", "In your words (optional)"),
    "send_feedback": ("提交", "Send"),
    "thanks": ("已记下，谢谢。", "Noted, thank you."),
    # evidence pane
    "pane": ("出处", "Sources"),
    "pane_empty": (
        "提问之后，原文会出现在这里，引用的部分会标亮。",
        "After a question, the original texts appear here with the cited parts marked.",
    ),
    "pane_of": ("“{question}”的出处", "Sources of “{question}”"),
    "nothing_cited": ("这一问没有引用任何原文。", "Nothing was cited for this question."),
    "read_all": ("通读全文", "Read it all"),
    "back_to_sources": ("回到出处", "Back to the sources"),
    "back_to_claim": ("回到第 {n} 处引用的句子", "Back to the claim that cites {n}"),
    "open_sources": ("出处", "Sources"),
    "close_sources": ("收起出处", "Close the sources"),
    "back": ("回到回答", "Back to the answer"),
    "span": ("第 {start}–{end} 字", "characters {start}–{end}"),
    "page": ("第 {page} 页", "page {page}"),
    "reprints": ("同文另见：{titles}", "Also in: {titles}"),
    "document_gone": (
        "这份文档已不在索引中，以下是当时引用的文字。",
        "This document is no longer in the index; this is what was cited.",
    ),
    # pages
    "original_page": ("原页", "Original page"),
    "original_page_of": ("原页：第 {page} 页", "Original page {page}"),
    "page_before": ("上一页", "Previous page"),
    "page_after": ("下一页", "Next page"),
    "page_of": ("第 {page} 页，共 {n} 页", "Page {page} of {n}"),
    "page_turner": ("翻页", "Pages"),
    "page_looks": ("原页", "The page"),
    "page_reads": ("助手读到的文字", "As the assistant read it"),
    "page_picture": ("《{title}》第 {page} 页的样子", "What page {page} of “{title}” looks like"),
    "page_unmarked": (
        "图上没有标出引用处：它在这一页上的位置不能确定。",
        "What is cited is not marked on the picture: where it stands there is not certain.",
    ),
    "page_without_text": ("这一页没有读到文字。", "No text was read on this page."),
    "enlarge": ("放大", "Enlarge"),
    # files of documents
    "file_changed": ("文件已变动", "File changed"),
    "file_gone": ("文件已不在", "File gone"),
    "file_unreadable": ("文件现在读不到", "File cannot be read now"),
    "file_explained": ("；这里和回答里用的仍是加入时的文字。", "; this text and answers are still as it was added."),
    "files_amiss": (
        "{n} 份文档的文件加入之后变了；在命令行运行 youju add --sync 可使索引与文件夹一致。",
        "The files of {n} documents are no longer as they were added; the command youju add --sync brings the index into line.",
    ),
    "guessed": ("据文件名推测", "guessed from the file's name"),
    "guessed_day": ("{day}（据文件名推测）", "{day} (guessed from the file's name)"),
    # characters recognised on an image
    "unsure": ("从图片识别，可能有误", "Recognised on an image; may be wrong"),
    "unsure_quote": (
        "加点线的字从图片识别，可能有误",
        "Dotted characters were recognised on an image and may be wrong",
    ),
    "unsure_figures": ("从图片识别，可能有误：{figures}", "recognised on an image, may be wrong: {figures}"),
    "undated": ("日期不详", "undated"),
    "characters": ("{n} 字", "{n} characters"),
}

_KEY = "youju:"
"""Before each key: Gradio translates any value that is a key, and a reader may well type ``copy``."""

_LOCALES = {"zh": ("zh", "zh-CN", "zh-TW", "zh-HK", "zh-SG", "zh-Hans", "zh-Hant"), "en": ("en", "en-US", "en-GB")}


def say(key: str, language: Language, **values: object) -> str:
    """The text for ``key``, its places filled in."""
    return TEXTS[key][0 if language == "zh" else 1].format(**values)


def shown_day(day: object, is_guessed: bool, language: Language) -> str:
    """A day to show, one that is guessed marked as that; empty where there is none."""
    return say("guessed_day", language, day=day) if day and is_guessed else str(day or "")


def preferred(accept_language: str | None) -> Language:
    """Chinese or English from a browser's ``Accept-Language``, by the order of its preferences; else English."""
    ranked: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), name.lower()))
        except ValueError:
            continue
    for _, name in sorted(ranked, key=lambda pair: pair[0]):
        if name.startswith("zh"):
            return "zh"
        if name.startswith("en"):
            return "en"
    return "en"


class Interface:
    """The texts of one page's components."""

    def __init__(self, more: Mapping[str, tuple[str, str]] | None = None) -> None:
        """Takes the texts of this module and ``more``: those of other tabs."""
        import gradio as gr

        self.texts: dict[str, tuple[str, str]] = {**TEXTS, **(more or {})}
        places = {"zh": 0, "en": 1}
        self.i18n = gr.I18n(
            **{
                locale: {_KEY + key: text[places[language]] for key, text in self.texts.items()}
                for language, locales in _LOCALES.items()
                for locale in locales
            }
        )
        self._shown: list[tuple[Any, dict[str, str], str]] = []

    def text(self, key: str) -> "gr.i18n.I18nData":
        """A text for a component's label, placeholder, info or value, in the browser's language."""
        if key not in self.texts:
            raise KeyError(key)
        return self.i18n(_KEY + key)

    def choices(self, prefix: str, values: Iterable[str]) -> "list[tuple[gr.i18n.I18nData, str]]":
        """The choices of a component: values, each named by the text for ``prefix`` and the value."""
        return [(self.text(prefix + value), value) for value in values]

    def show(self, component: Any, *, choices: str = "", **keys: str) -> Any:
        """Registers which texts a component shows, such as ``label="question"``; returns the component.

        The component is to be made with the same texts from :meth:`text` and, if ``choices`` names a prefix, from
        :meth:`choices`; the language switch changes them.
        """
        for key in keys.values():
            self.text(key)
        self._shown.append((component, keys, choices))
        return component

    @property
    def components(self) -> list[Any]:
        """All registered components: the outputs of the language switch, in the order of :meth:`updates`."""
        return [component for component, _, _ in self._shown]

    def updates(self, language: Language) -> list[Any]:
        """What shows all registered components in a language."""
        import gradio as gr

        place = 0 if language == "zh" else 1
        updates = []
        for component, keys, prefix in self._shown:
            shown: dict[str, Any] = {name: self.texts[key][place] for name, key in keys.items()}
            if prefix:
                shown["choices"] = [(self.texts[prefix + value][place], value) for _, value in component.choices]
            updates.append(gr.update(**shown))
        return updates
