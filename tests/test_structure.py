"""Structure: sentences that cover the text, and who says them under which heading, as a reader would say."""

import re

import pytest
from hypothesis import given
from texts import SEEDS, SENTENCES, TEXTS

from rag.text.structure import LONGEST_SENTENCE, Sentence, reading_at, sentences_of, split_sentences
from rag.text.view import layout, view_of


def turns(text: str, *speakers: str) -> list[tuple[str, str, str]]:
    """(kind's first letter, speaker, text) of each sentence."""
    return [(part.kind[0], part.speaker, part.text) for part in sentences_of(text, speakers)]


def said(text: str, *speakers: str) -> list[tuple[str, str]]:
    return [(speaker, words) for _, speaker, words in turns(text, *speakers)]


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


def assert_well_formed(text: str, sentences: list[Sentence]) -> None:
    previous = 0
    for part in sentences:
        assert previous <= part.start < part.end <= len(text)
        previous = part.end
        assert part.text == part.text.strip() != ""
        assert len(part.text) <= LONGEST_SENTENCE
        assert part.kind in ("statement", "question", "heading", "note")


@given(TEXTS)
def test_sentences_are_ordered_disjoint_and_inside_the_text(text: str) -> None:
    assert_well_formed(text, sentences_of(text))


@pytest.mark.parametrize("name", SEEDS)
def test_sentences_of_the_seeds_are_ordered_disjoint_and_inside_the_text(name: str) -> None:
    assert_well_formed(SEEDS[name].text, SENTENCES[name])


@given(TEXTS)
def test_every_letter_and_digit_outside_labels_is_in_a_sentence(text: str) -> None:
    covered = {place for part in sentences_of(text) for place in range(part.start, part.end)}
    for paragraph in layout(text).paragraphs:
        shown = view_of(text, (paragraph,))
        label = re.match(r"(?:[^：:】\]]{1,40}[】\]：:]+\s*)?", shown.text)
        assert label is not None
        for character, place in list(zip(shown.text, shown.offsets, strict=True))[label.end() :]:
            assert not character.isalnum() or place in covered, (character, place)


@pytest.mark.parametrize("name", SEEDS)
def test_every_letter_and_digit_of_the_seeds_is_in_a_sentence(name: str) -> None:
    text = SEEDS[name].text
    covered = {place for part in SENTENCES[name] for place in range(part.start, part.end)}
    missing = "".join(c if c.isalnum() and place not in covered else " " for place, c in enumerate(text)).split()
    labels = {
        "问",
        "答",
        "记者",
        "金壮龙",
        "辛国斌",
        "赵志国",
        "新华社记者",
        "中央广播电视总台记者",
        "新京报贝壳财经记者",
    }
    assert set(missing) <= labels


# -- the seeds ----------------------------------------------------------------------------------------------------


def the(name: str, words: str) -> Sentence:
    (found,) = [part for part in SENTENCES[name] if words in part.text]
    return found


@pytest.mark.parametrize(
    ("name", "words", "speaker", "kind"),
    [
        ("000", "我的问题是关于工业经济运行情况的", "新华社记者", "question"),
        ("000", "制造业增加值在整个GDP中占27.7%", "金壮龙", "statement"),
        ("000", "今年全国两会首场", "", "statement"),
        ("001", "答记者问", "", "statement"),
        ("001", "建成383.7万个5G基站", "赵志国", "statement"),
        ("001", "全球共有153座灯塔工厂", "辛国斌", "statement"),
        ("001", "达到1.2万家", "金壮龙", "statement"),
        ("001", "中央部署了推动大规模设备更新", "记者", "question"),
        ("001", "场景和解决方案", "辛国斌", "statement"),
        ("002", "过去一年工业经济运行态势如何", "记者", "question"),
        ("002", "建成开通5G基站228万个", "金壮龙", "statement"),
        ("002", "日前接受了新华社记者采访", "", "statement"),
        ("003", "4月20日，国新办举行新闻发布会", "", "statement"),
        ("003", "扭转了去年10月份以来持续下行态势。", "赵志国", "statement"),
        ("003", "高技术制造业固定资产投资同比增长15.2%", "相关负责人", "statement"),
        ("003", "电信业务收入同比增长7.7%", "", "statement"),
        ("003", "压茬推进工业和信息化领域", "相关负责人", "statement"),
        ("003", "5G基站超过264万个", "赵志国", "statement"),
        ("003", "我们在全国51个试点城市", "赵志国", "statement"),
        ("003", "与21家金融机构", "赵志国", "statement"),
        ("003", "融资规模超过了2700亿元", "赵志国", "statement"),
        ("003", "分别完成165万辆", "陶青", "statement"),
        ("003", "今年是《工业互联网创新发展行动计划", "", "statement"),
        ("003", "较上年增长了15.5%", "赵志国", "statement"),
        ("003", "责任编辑", "", "note"),
        ("004", "建成开通5G基站228万个", "金壮龙", "statement"),
        ("004", "版权声明", "", "note"),
    ],
)
def test_who_says_what_in_the_seeds(name: str, words: str, speaker: str, kind: str) -> None:
    found = [part for part in SENTENCES[name] if words in part.text]
    assert (speaker, kind) in [(part.speaker, part.kind) for part in found]


def test_headings_of_the_seeds() -> None:
    assert the("000", "我国已经建成了超过234万个5G基站").heading == "03、谈今年5G发展目标和工作重点"
    assert the("001", "建成383.7万个5G基站").heading == "制造业高端化智能化绿色化步伐加快"
    assert the("001", "我国战略性新兴产业占GDP比重约13%").heading == "产业科技创新能力持续提升"
    assert the("003", "5G基站超过264万个").heading == "推动6G、量子通信等技术加速突破"
    assert the("004", "建成开通5G基站228万个").heading == "夯实基础拓展应用，提速数字经济与实体经济融合"
    assert the("002", "建成开通5G基站228万个").heading == "", "002 carries its headings out of their place"


def test_a_sentence_broken_by_a_caption_reads_as_one() -> None:
    found = the("001", "支持新型技术改造城市试点，实施制造业重大技术改造升级")
    quote = SEEDS["001"].text[found.start : found.end]
    assert "张鹏摄" in quote
    assert "张鹏摄" not in found.text
    assert found.text.endswith("使之成为形成新质生产力的重要载体。")


def test_a_sentence_over_two_pages_reads_as_one() -> None:
    found = the("001", "加快信息通信业的高质量发展。")
    assert "\n" in SEEDS["001"].text[found.start : found.end]


# -- sentences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("对吗？对！！！好……吧；是的。", ["对吗？", "对！！！", "好……", "吧；", "是的。"]),
        ("增长3.6%。下降2.5%。", ["增长3.6%。", "下降2.5%。"]),
        ("他说：“第一句。第二句！”第三句。", ["他说：“第一句。", "第二句！”", "第三句。"]),
        ("「第一句。」第二句", ["「第一句。」", "第二句"]),
        ("《你好。再见》是书。", ["《你好。再见》是书。"]),
        ("规划（2021。2023）是书。完", ["规划（2021。2023）是书。", "完"]),
        ("他走了。\"你好。\"她说。", ["他走了。", "\"你好。\"", "她说。"]),
        ("\"你好。再见。\"她说。", ["\"你好。", "再见。\"", "她说。"]),
        ("请访问www.example.com。谢谢", ["请访问www.example.com。", "谢谢"]),
        ("。。。。好。。。。", ["好。。。。"]),
        ("Growth was 3.6% in 2023. It rose.", ["Growth was 3.6% in 2023.", "It rose."]),
        ("The U.S. grew. Mr. Smith left.", ["The U.S. grew.", "Mr. Smith left."]),
        ("He said \"Yes.\" She left.", ["He said \"Yes.\"", "She left."]),
        ("See Fig. 3 and No. 5. Done!", ["See Fig. 3 and No. 5.", "Done!"]),
        ("1. First item. Second one.", ["1. First item.", "Second one."]),
        ("e.g. this one. Next", ["e.g. this one.", "Next"]),
        ("没有句号", ["没有句号"]),
        ("；；。", []),
        ("", []),
    ],
)  # fmt: skip
def test_where_sentences_end(text: str, parts: list[str]) -> None:
    assert split(text) == parts


@given(TEXTS)
def test_splitting_keeps_every_letter_and_digit(text: str) -> None:
    kept = "".join(split(text))
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


def test_a_text_without_punctuation_is_cut_at_pauses_into_exact_pieces() -> None:
    for unit in ("好" * 99 + "，", "word " * 20, "好" * 100):
        text = unit * 60
        parts = sentences_of(text)
        assert_well_formed(text, parts)
        assert all(part.text == text[part.start : part.end] for part in parts)
        assert "".join(part.text for part in parts).replace(" ", "") == text.replace(" ", "")
        if unit[-1] in "， ":
            assert all(part.text.endswith(("，", "word")) for part in parts)


# -- turns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("questioner", "answerer"),
    [
        ("记者：", "金壮龙："),
        ("记者:", "金壮龙:"),
        ("记者 ：", "金壮龙 ："),
        ("问：", "答："),
        ("Q：", "A："),
        ("Q: ", "A: "),
        ("Q1：", "A1："),
        ("记者问：", "金壮龙答："),
        ("有记者问：", "答："),
        ("记者张三：", "金壮龙部长："),
        ("【记者】", "【金壮龙】"),
        ("【记者】：", "【金壮龙】："),
        ("[记者]", "[金壮龙]"),
        ("**记者：**", "**金壮龙：**"),
        ("**记者**：", "**金壮龙**："),
        ("提问：", "工信部部长金壮龙："),
        ("网友提问：", "金壮龙（工信部部长）："),
        ("\u200b记者：", "\u200b金壮龙："),
    ],
)
def test_styles_of_interviews(questioner: str, answerer: str) -> None:
    for blank in ("\n", "\n\n", "\r\n"):
        text = f"{questioner}今年目标是什么？{blank}{answerer}目标是增长百分之五。{blank}我们要努力。"
        asked, *answered = turns(text, "金壮龙")
        assert asked in (("q", "记者", "今年目标是什么？"), ("q", "网友", "今年目标是什么？"))
        assert answered == [("s", "金壮龙", "目标是增长百分之五。"), ("s", "金壮龙", "我们要努力。")]


@pytest.mark.parametrize(
    "answerer", ["金壮龙：", "【金壮龙】", "工信部部长金壮龙：", "金壮龙（工信部部长）：", "金壮龙答："]
)
def test_a_speaker_is_known_by_the_label_alone(answerer: str) -> None:
    assert said(f"记者：今年目标是什么？\n{answerer}目标是增长。")[1] == ("金壮龙", "目标是增长。")


def test_an_office_speaks_in_an_interview() -> None:
    assert said("记者：怎么看？\n外交部发言人：我们注意到了。\n记者：还有呢？\n俄罗斯总统普京：很好。") == [
        ("记者", "怎么看？"),
        ("外交部发言人", "我们注意到了。"),
        ("记者", "还有呢？"),
        ("俄罗斯总统普京", "很好。"),
    ]


def test_an_interview_in_english() -> None:
    text = "Reporter: What is the goal?\nJin Zhuanglong: Growth of 5 percent. We try hard.\nQ: And now?\nA: Work."
    assert turns(text) == [
        ("q", "Reporter", "What is the goal?"),
        ("s", "Jin Zhuanglong", "Growth of 5 percent."),
        ("s", "Jin Zhuanglong", "We try hard."),
        ("q", "", "And now?"),
        ("s", "", "Work."),
    ]


def test_a_spokesperson_answers_reporters() -> None:
    assert turns("外交部发言人毛宁答记者问：中方坚决反对。") == [("s", "毛宁", "中方坚决反对。")]


def test_a_moderator_asks_and_is_named() -> None:
    assert turns("主持人：欢迎大家。\n李强：谢谢大家。")[0] == ("q", "主持人", "欢迎大家。")


def test_who_is_in_the_chair_does_not_ask_all_that_follows() -> None:
    listed = "主持人：副会长顾延平（常务）\n出席人员：钱小北、孙一鸣。\n本月抽检试块二十组，全部合格。\n会议决定工期顺延八天。"
    assert [kind for kind, speaker, _ in turns(listed) if not speaker] == ["s", "s", "s", "s"]
    headed = "主持人：欢迎大家。\n李强：谢谢大家。\n主持人：下面进入讨论。\n\n## 会议决定\n\n工期顺延八天，由李强负责督办落实到位。"
    assert turns(headed)[-1] == ("s", "", "工期顺延八天，由李强负责督办落实到位。")


def test_labels_of_fields_are_no_speakers() -> None:
    text = "关键词：增长、投资。\n时间：今天下午。\n方法：如下所述。\n温度：三十度。\n高峰：早上八点。\nNote: This is fine."
    assert {speaker for speaker, _ in said(text)} == {""}
    assert said(text)[2] == ("", "方法：如下所述。")


def test_direct_speech_ends_with_its_quotation() -> None:
    assert said("外交部长王毅表示：“中方愿意合作。双方要支持“一带一路”。大家都好。”会议于下午结束。") == [
        ("王毅", "外交部长王毅表示：“中方愿意合作。"),
        ("王毅", "双方要支持“一带一路”。"),
        ("王毅", "大家都好。”"),
        ("", "会议于下午结束。"),
    ]


def test_a_quotation_before_its_speaker() -> None:
    assert said("“经济会好起来。我们有信心。”国务院总理李强说。天气很好。") == [
        ("李强", "“经济会好起来。"),
        ("李强", "我们有信心。”"),
        ("李强", "国务院总理李强说。"),
        ("", "天气很好。"),
    ]


def test_a_quotation_on_both_sides_of_its_speaker() -> None:
    assert said("“要努力。”李强说，“要加油。”天气很好。") == [
        ("李强", "“要努力。”"),
        ("李强", "李强说，“要加油。”"),
        ("", "天气很好。"),
    ]


def test_in_a_section_that_opens_with_it_indirect_speech_holds_until_the_next_heading_or_speaker() -> None:
    text = "# 题\n# 一\n部长王毅表示，要合作。要发展。\n局长陶青指出，要消费。\n要增长。\n# 二\n天气很好。"
    assert said(text)[1:] == [
        ("", "一"),
        ("王毅", "部长王毅表示，要合作。"),
        ("王毅", "要发展。"),
        ("陶青", "局长陶青指出，要消费。"),
        ("陶青", "要增长。"),
        ("", "二"),
        ("", "天气很好。"),
    ]


def test_what_a_reporter_saw_is_nobodys_words() -> None:
    text = "省粮食局副局长贺文斌表示，今年收购价每斤1.32元。\n\n记者在青田县看到，收购价为每斤1.18元。\n\n贺文斌说，要稳住粮价。"
    assert [who for who, _ in said(text)] == ["贺文斌", "", "贺文斌"]


@pytest.mark.parametrize("subject", ["方案", "会议", "许多人", "专家们", "他", "安理会", "方面"])
def test_no_word_is_taken_for_a_name(subject: str) -> None:
    assert said(f"{subject}指出：“要努力。”") == [("", f"{subject}指出：“要努力。”")]


def test_who_is_quoted_in_a_question_does_not_ask() -> None:
    assert turns("记者：王毅部长表示，要合作，您怎么看？\n毛宁：我们支持。")[0][1] == "记者"


def test_lines_of_an_official_document_are_read_with_what_they_are() -> None:
    text = "关于调整供水时间的通知\n\n柳水发〔2024〕12号\n\n各用户：\n\n自即日起夜间停水。\n\n柳河县水务局\n\n2024年3月2日\n"
    led = {sentence.text: sentence for sentence in sentences_of(text) if sentence.lead}
    assert list(led) == ["文号：柳水发〔2024〕12号", "落款：柳河县水务局"]
    for words, sentence in led.items():
        quote = text[sentence.start : sentence.end]
        assert words.endswith(quote)
        assert reading_at(text, sentence.start, sentence.end) == words
        assert sentence.kind == "statement"


@pytest.mark.parametrize(
    "text",
    [
        "柳河县水务局\n2024年3月2日\n\n自即日起夜间停水。\n",  # above the text it may be anything
        "自即日起夜间停水。\n\n详见附件。\n2024年3月2日\n",
        "自即日起夜间停水。\n\n柳河县水务局\n\n联系电话：5550123\n",
        "根据柳水发〔2024〕12号，夜间停水。\n",
    ],
)
def test_lines_whose_place_does_not_tell_what_they_are(text: str) -> None:
    assert not any(sentence.lead for sentence in sentences_of(text))
