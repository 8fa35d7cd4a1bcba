"""What the command line says, and what answers say of the assistant and the documents, in Chinese and English."""

from datetime import date
from typing import Literal

from rag.errors import interface_language

Language = Literal["zh", "en"]

_TEXTS: dict[str, tuple[str, str]] = {
    "added": ("新增 {n} 份", "{n} added"),
    "replaced": ("更新 {n} 份", "{n} replaced"),
    "unchanged": ("未变 {n} 份", "{n} unchanged"),
    "moved": ("移动 {n} 份", "{n} moved"),
    "gone": ("移除 {n} 份", "{n} removed"),
    "failed": ("失败 {n} 份", "{n} failed"),
    "added_file": ("新增", "added"),
    "replaced_file": ("更新", "replaced"),
    "moved_file": ("移动", "moved"),
    "gone_file": ("移除", "removed"),
    "dry_run": ("试运行，什么都没有改动。将会：{counted}", "Dry run, nothing was changed. It would be: {counted}"),
    "dry_run_needs_sync": ("--dry-run 要与 --sync 同用。", "--dry-run goes with --sync."),
    "sync_takes_one_folder": (
        "--sync 一次只能同步一个文件夹；请只给出它的路径。",
        "--sync brings the index into line with one folder at a time; give only its path.",
    ),
    "near_duplicate": (
        "{title} 与以下文档几乎相同，已保留并互相关联：{others}",
        "{title} is nearly the same as {others}; kept and linked",
    ),
    "shortened": (
        "{title} 里的数据太多：只有前面的能按日期和数值查询（上限见 YOUJU_FILE_FACTS），全文仍可检索和引用。",
        "{title} states very many figures: only the first ones are looked up by date and value (YOUJU_FILE_FACTS); "
        "all of its text can be found and cited.",
    ),
    "read": ("{title}：读到 {parts}", "{title}: read {parts}"),
    "read_pages": ("{n} 页", "{n} pages"),
    "read_tables": ("{n} 张表", "{n} tables"),
    "read_notes": ("{n} 条注", "{n} notes"),
    "guessed_date": (
        "{title}：日期 {day} 是据文件名推测的，不用来推算“3月底”这类时间；可用 youju edit 编号 --date 日期 确定",
        "{title}: the day {day} is guessed from the file's name and tells no time such as 'the end of March'; "
        "'youju edit ID --date DAY' settles it",
    ),
    "guessed_day": ("{day}（据文件名推测）", "{day} (guessed from the file's name)"),
    "unsure_quote": ("引文识别自图片，这些字可能有误：{words}", "recognised on an image; these may be wrong: {words}"),
    "unsure_value": ("识别自图片，可能有误", "recognised on an image, may be wrong"),
    "unsure_figures": ("识别自图片，可能有误：{figures}", "recognised on an image, may be wrong: {figures}"),
    "left_out": ("{title}：没有收入正文的：{lines}", "{title}: not in its text: {lines}"),
    "adding": ("加入文档", "Adding documents"),
    "recognising": ("识别第 {page}/{pages} 页", "recognising page {page}/{pages}"),
    "rebuilding": ("重建索引", "Rebuilding the index"),
    "preparing": ("首次使用：为示例文档建立索引", "First use: indexing the sample documents"),
    "interrupted_adding": (
        "已中断：完成的文档都在索引里，再次运行会接着做。",
        "Interrupted: finished documents are in the index; run it again to go on.",
    ),
    "interrupted": ("已中断。", "Interrupted."),
    "removed": ("已移除 {n} 份文档。", "{n} documents removed."),
    "edited": ("已修改。", "Edited."),
    "backed_up": ("已备份 {n} 份文档到 {path}。", "{n} documents backed up to {path}."),
    "restored": ("已恢复 {n} 份文档到 {path}。", "{n} documents restored to {path}."),
    "rebuilt": ("索引已重建。", "The index was rebuilt."),
    "filling": ("填入", "Filling"),
    "filled": (
        "{n} 个片段已就位。{finding}。要在那里检索，请设置 YOUJU_STORE。",
        "{n} passages are in place: {finding}. Set YOUJU_STORE to search there.",
    ),
    "no_documents": (
        "索引里还没有文档；用 youju add 文件 --index {index} 加入。",
        "The index is empty; add files with 'youju add FILE --index {index}'.",
    ),
    "no_hits": ("没有找到相关的段落。", "No passages were found."),
    "needs_index": (
        "请用 --index 文件夹（或环境变量 YOUJU_INDEX）指明要修改的索引；内置的示例文档不能修改。",
        "Name the index to change with --index FOLDER (or YOUJU_INDEX); the embedded sample documents cannot be changed.",
    ),
    "nothing_to_edit": (
        "请至少给出一项要修改的内容，例如 --title 或 --date。",
        "Give at least one thing to change, such as --title or --date.",
    ),
    "evidence_in": ("{n} 句证据，{seconds:.1f} 秒", "{n} evidence sentences in {seconds:.1f} s"),
    "section_read": (
        "读到第 {section}/{sections} 节（第 {document}/{documents} 份）",
        "section {section}/{sections} read (document {document}/{documents})",
    ),
    "understood": ("理解为：{question}", "Understood as: {question}"),
    "withheld": ("有 {n} 句未能证实，已略去", "{n} claims could not be borne out and were left out"),
    "answered_by": ("{model}，{seconds:.1f} 秒", "{model}, {seconds:.1f} s"),
    "unsupported": ("[未证实：{why}]", "[unsupported: {why}]"),
    "missing_facts": ("引文中没有 {facts}", "{facts} not in the cited text"),
    "no_citation": ("没有找到出处", "no source was found"),
    "unsupported_words": ("引文不支持“{words}”", "the cited text does not bear out “{words}”"),
    "weak_support": ("引文与这句话不够一致", "the cited text says something else"),
    "citations": ("出处", "Sources"),
    "saved": ("回答已存入 {path}。", "The answer is in {path}."),
    "recorded": ("记录已存入 {path}。", "The record is in {path}."),
    "recheck_of": ("{asked} 的回答：{question}", "Answer of {asked}: {question}"),
    "recheck_holds": ("{n} 处引文都在原处，一字不差。", "All {n} quotes stand where they stood."),
    "recheck_nothing": (
        "这份记录没有引用任何原文，没有可核对的。",
        "The record cites nothing: there is nothing to verify.",
    ),
    "recheck_changed": (
        "{n} 处引文：{stands} 处在原处，{moved} 处移动，{gone} 处找不到。",
        "{n} quotes: {stands} stand, {moved} moved, {gone} not found.",
    ),
    "state_stands": ("在原处", "stands"),
    "state_moved": ("移动了", "moved"),
    "state_gone": ("原文已没有这段文字", "gone from the document"),
    "state_document_missing": ("找不到这份文档", "document not found"),
    "recheck_now_at": ("现在在《{title}》{place}（{path}）", "now in {title}, {place} ({path})"),
    "recheck_times": ("，共出现 {n} 次，这是最近的一处", "; it stands there {n} times, this is the nearest"),
    "recheck_same_file": ("文件一字节未变", "the file is the same"),
    "recheck_same_text": ("文件变了，文字未变", "the file has changed, its text has not"),
    "recheck_other_text": ("文档已有改动", "the document has changed"),
    "recheck_facts_lost": (
        "这句话与现在的原文不再一致（{facts}）：{claim}",
        "this claim no longer agrees with what stands there ({facts}): {claim}",
    ),
    "recheck_unreadable": ("读不了的文件：", "Files that could not be read:"),
    "trace": ("经过", "Trace"),
    "nearest": ("最接近的段落", "Nearest passages"),
    "reprints": ("同文另见：{titles}", "also in: {titles}"),
    "span": ("第 {start}–{end} 字", "characters {start}–{end}"),
    "page": ("第 {page} 页", "page {page}"),
    "chat_welcome": (
        "有据：就文档提问。输入 /quit 或按 Ctrl-D 结束，/new 开始新对话，/sources 列出文档。",
        "Youju: ask about the documents. /quit or Ctrl-D ends, /new starts a new conversation, /sources lists the documents.",
    ),
    "chat_prompt": ("问", "You"),
    "chat_new": ("新对话。", "A new conversation."),
    "serving_page": ("有据在 {url} ，按 Ctrl-C 结束。", "Youju is at {url} (Ctrl-C ends it)."),
    "serving_programs": (
        "接口在 {url}/v1（OpenAI 兼容）和 {url}/gradio_api/mcp/（MCP），按 Ctrl-C 结束。",
        "Endpoints at {url}/v1 (OpenAI-compatible) and {url}/gradio_api/mcp/ (MCP); Ctrl-C ends it.",
    ),
    "open_to_others": (
        "注意：{host} 让别的机器也能访问，而没有用 --auth 或 YOUJU_AUTH 设置登录：谁都可以读这些文档。",
        "Warning: {host} lets other machines in, and there is no login (--auth or YOUJU_AUTH): anyone can read the documents.",
    ),
    "needs_ui": (
        "缺少网页界面的软件包。请运行：pip install 'youju[ui]'",
        "The packages of the interface are missing. Run: pip install 'youju[ui]'",
    ),
    "goodbye": ("再见。", "Goodbye."),
    "sound": ("完好", "sound"),
    "notice": ("提示", "notice"),
    "problem": ("问题", "problem"),
    "repair_hint": ("运行 youju doctor --repair 修复。", "Run 'youju doctor --repair' to mend it."),
    "fetched": ("模型已就绪：{path}", "The model is ready: {path}"),
    "fetching": ("准备模型", "Preparing the model"),
    "no_figures": ("没有找到“{topic}”的数字。", "No figures for '{topic}' were found."),
    "plotted": ("已画入 {path}。", "Drawn into {path}."),
    "column_as_of": ("日期", "as of"),
    "column_value": ("数值", "value"),
    "column_subject": ("指标", "subject"),
    "column_status": ("性质", "kind"),
    "column_speaker": ("说话人", "speaker"),
    "column_change": ("比上一个", "since the one before"),
    "changed_up": ("增加{much}", "up {much}"),
    "changed_down": ("减少{much}", "down {much}"),
    "changed_not": ("持平", "unchanged"),
    "column_document": ("出处", "source"),
    "status_actual": ("实际", "actual"),
    "status_plan": ("计划", "plan"),
    "column_title": ("标题", "title"),
    "column_date": ("日期", "date"),
    "column_source": ("来源", "source"),
    "column_length": ("字数", "characters"),
    "column_id": ("编号", "id"),
    "column_near": ("近重复", "near duplicates"),
    "column_model": ("模型", "model"),
    "column_licence": ("许可", "licence"),
    "column_size": ("大小", "size"),
    "column_state": ("状态", "state"),
    "column_verified": ("校验", "how verified"),
    "column_path": ("位置", "where"),
    "state_verified": ("可用", "ready"),
    "state_decoded": ("可用", "ready"),
    "state_packaged": ("已装软件包，首次使用时备好", "package installed, made ready on first use"),
    "state_unverified": ("尚未校验，使用前校验", "not verified yet, will be before use"),
    "state_damaged": ("已损坏", "damaged"),
    "state_absent": ("没有", "absent"),
    "verified_package": ("SHA-256 一致，由软件包拼成", "SHA-256, joined from packages"),
    "verified_hub": ("SHA-256 一致，由 hub 取得", "SHA-256, fetched from the hub"),
    "verified_file": ("SHA-256 一致", "SHA-256"),
    "verified_reference": ("软件包的 SHA-256 与参考向量", "SHA-256 of the package, and reference vectors"),
    "chat_unknown": (
        "没有命令 {line}；/quit 结束，/new 开始新对话，/sources 列出文档。",
        "There is no command {line}; /quit ends, /new starts anew, /sources lists the documents.",
    ),
    # answers about the assistant and the documents
    "from_catalogue": (
        "据文档目录，没有引用原文，{seconds:.1f} 秒",
        "from the catalogue, nothing is quoted, {seconds:.1f} s",
    ),
    "greeting": (
        "你好！我是有据，只依据文档回答问题，每句话都注明出处。{held}",
        "Hello! I am Youju. I answer from documents alone and name the source of every sentence. {held}",
    ),
    "nothing_asked": (
        "好的。关于这些资料还想知道什么，可以接着问。",
        "All right. If there is more you want to know of these documents, go on asking.",
    ),
    "identity": (
        "我是有据，只依据文档作答的问答助手：每句话都注明原文的出处，文档里没有的就说没有。{writer}\n{held}",
        "I am Youju, an assistant that answers from documents alone: every sentence names its place in the original, and "
        "where the documents do not say, neither do I. {writer}\n{held}",
    ),
    "written_by": (
        "回答由语言模型 {model} 写成，再逐句与原文核对。",
        "Answers are written by the language model {model} and checked against the originals.",
    ),
    "quoted_by": (
        "回答直接摘录原文，没有用语言模型。",
        "Answers quote the originals; no language model writes them.",
    ),
    "abilities": (
        "我能从文档里找出问题的答案，并注明每句话的出处，例如：\n"
        "- 事实、数字、日期、名单\n"
        "- 一个数字在各个日期的变化，两个事物的比较\n"
        "- 谁说了什么，原话怎么说\n"
        "- 列出的措施、条件，某一条的全文\n"
        "- 一份文件主要讲了什么，或就一个主题写一份简报\n"
        "- 这些文档本身：一共几份，最新、最早的是哪份，谁发过言，哪些与某件事最接近\n"
        "文档之外的事我不回答；文档里没有的，会说没有。{held}",
        "I find the answers to your questions in the documents and name the source of every sentence, for example:\n"
        "- facts, figures, dates, names\n"
        "- how a figure changed from date to date, and how two things compare\n"
        "- who said what, in whose words\n"
        "- lists of measures and conditions, an article as a whole\n"
        "- what a document says as a whole, or a brief on a topic\n"
        "- the documents themselves: how many, the newest, the oldest, who speaks in them, which come nearest to something\n"
        "I answer nothing that is not in the documents, and tell you where they do not say. {held}",
    ),
    "can_be_asked": ("现在可以问的有 {held}。", "There are {held} to ask about."),
    "one_can_be_asked": ("现在可以问的有 {held}。", "There is {held} to ask about."),
    "no_documents_yet": ("现在还没有文档，请先加入文档再提问。", "There are no documents yet; add some first."),
    "nothing_in_scope": (
        "限定的范围内没有文档，全部共 {held}。",
        "No document is within the limits that are set, of {held} in all.",
    ),
    "documents_held": ("一共有 {held}。{dates}", "There are {held}. {dates}"),
    "one_document_held": ("一共有 {held}。{dates}", "There is {held}. {dates}"),
    "dated_between": ("日期从 {first} 到 {last}。", "Their dates go from {first} to {last}."),
    "newest_is": ("最新的是{named}。", "The newest is {named}."),
    "oldest_is": ("最早的是{named}。", "The oldest is {named}."),
    "newest_are": ("最新的有 {n} 份，日期都是 {day}。", "The newest are {n} documents, all of {day}."),
    "oldest_are": ("最早的有 {n} 份，日期都是 {day}。", "The oldest are {n} documents, all of {day}."),
    "newest_first": ("由新到旧：", "From the newest on:"),
    "oldest_first": ("由旧到新：", "From the oldest on:"),
    "none_is_dated": ("说不出先后：{held}，都没有日期。", "That cannot be told: {held}, and no date is known."),
    "some_undated": ("另有 {n} 份没有日期，不知先后。", "No date is known of {n} more."),
    "come_nearest": (
        "与这个问题最接近的是下面 {n} 份，按接近程度排列；是否真讲这件事，请看内容。",
        "These {n} come nearest to what you ask, the nearest first; whether they are about it, their text must show.",
    ),
    "comes_nearest": (
        "与这个问题最接近的是下面这一份；是否真讲这件事，请看内容。",
        "This one comes nearest to what you ask; whether it is about it, its text must show.",
    ),
    "nothing_near": ("没有找到接近的文档。", "No document comes near."),
    "speakers_are": ("文档里有 {n} 位发言人。", "There are {n} speakers in the documents."),
    "speaker_is": ("文档里有 1 位发言人。", "There is one speaker in the documents."),
    "nobody_speaks": ("{held}里没有认出发言人。", "No speaker is known in {held}."),
    "speaks_in": ("{name}：{titles}", "{name}: {titles}"),
    "and_more_documents": ("等 {n} 份", " and more, {n} in all"),
    "more_left_out": ("另有 {n} 项没有列出。", "{n} more are not listed."),
    "one_document": ("1 份文档", "1 document"),
    "some_documents": ("{n} 份文档", "{n} documents"),
    "only_in_scope": (
        "只看限定的范围，全部共 {held}。",
        "Only what is within the limits that are set counts, of {held} in all.",
    ),
    # conversation
    "answered_elsewhere": (
        "上一问说的是《{before}》；这一问没有写明对象，回答出自《{title}》。",
        "The question before was about “{before}”; this one does not say what it is about, and its answer is from “{title}”.",
    ),
    # lists
    "list_miscounted": (
        "原文说“{words}”，这里列出 {n} 项，请对照原文。",
        "The document announces “{words}”; {n} items are listed here. Please compare with it.",
    ),
    "list_cut": (
        "这个清单很长，这里只列出前 {n} 项。",
        "This is a long list: only its first {n} items are here.",
    ),
    # summaries
    "which_document": (
        "要概括哪一份？请说出标题、文件名或下面的编号：",
        "Which document is to be summarised? Name its title, its file or its number below:",
    ),
    "documents_summarised": ("{n} 份文档，逐份概括如下：", "{n} documents, one after another:"),
    "says_mainly": ("{named}主要讲了：", "{named} says mainly:"),
    "says_nothing_whole": (
        "{named}里没有可以摘录的完整句子，只有表格、标题或很短的行。",
        "{named} has no whole sentence to quote, only tables, headings or very short lines.",
    ),
    "copies_not_repeated": ("另有 {n} 份与以上文档几乎相同，不再重复。", "{n} more are nearly the same as these."),
    "more_not_summarised": (
        "另有 {n} 份没有概括；请点名，或限定范围再问。",
        "{n} more are not summarised; name them, or set limits and ask again.",
    ),
    "documents_on_topic": ("关于“{topic}”，{n} 份文档里这样说：", "On “{topic}”, {n} documents say:"),
    "one_document_on_topic": ("关于“{topic}”，1 份文档里这样说：", "On “{topic}”, one document says:"),
    "it_says": ("{named}：", "{named}:"),
    "nothing_on_topic": ("资料中没有找到关于“{topic}”的内容。", "The documents hold nothing on “{topic}”."),
    "one_sentence_of_this": ("用一句话概括这段内容。", "Say in one sentence what this passage says."),
    "undated": ("日期不详", "undated"),
    "day_guessed": ("{day}，日期据文件名推测", "{day}, guessed from the file's name"),
    "unexpected": (
        "程序出错了（{kind}：{text}）。这是缺陷，请报告；加 --debug 可看详情。",
        "The program failed ({kind}: {text}). This is a defect, please report it; --debug shows the details.",
    ),
}


def say(key: str, **values: object) -> str:
    """The text for ``key`` in the user's language, its places filled in."""
    return say_in("zh" if interface_language() == "zh" else "en", key, **values)


def say_in(language: Language, key: str, **values: object) -> str:
    """The text for ``key`` in a language, such as that of a question."""
    zh, en = _TEXTS[key]
    return (zh if language == "zh" else en).format(**values)


def shown_day(day: date | None, is_guessed: bool) -> str:
    """A day to show, one that is guessed marked as that; empty where there is none."""
    return say("guessed_day", day=day) if day and is_guessed else str(day or "")


def both(key: str) -> tuple[str, str]:
    """The text for ``key`` in Chinese and English, for an error."""
    return _TEXTS[key]
