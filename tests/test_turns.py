"""Who speaks: what is somebody's words, and what is the narrator's, in transcripts, addresses and reports."""

import pytest

from rag.text.structure import sentences_of


def speakers(text: str) -> list[str]:
    """Who says each sentence that is no heading and no note; empty for the narrator."""
    return [part.speaker for part in sentences_of(text) if part.kind not in ("heading", "note")]


# -- reported speech ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("种粮大户孙福来说，他家的稻子卖了。", ["孙福来"]),
        ("“今年不用排队。”种粮大户孙福来说，他家的稻子卖了。", ["孙福来", "孙福来"]),
        ("车间主任龚铁生指着流水线说，今年要再投一条。", ["龚铁生"]),
        ("经营货运的鲁小满则认为，桥面太窄。", ["鲁小满"]),
        ("副主任白露则表示，进度不快。", ["白露"]),
        ("诸葛明远在总结时要求：一要抓紧。诸葛明远走了。", ["诸葛明远", ""]),
        ("对于水压问题，局长陶青解释称，设备老了。", ["陶青"]),
        ("局长陶青被问及此事时表示，正在调查。", ["陶青"]),
        ("罗某回应说，这是误会。", ["罗某"]),
    ],
)
def test_a_name_is_known_by_what_stands_before_it(paragraph: str, expected: list[str]) -> None:
    assert speakers(f"标题\n{paragraph}") == expected


@pytest.mark.parametrize(
    "paragraph",
    [
        "局长陶青没有透露，何时开工。",
        "局长陶青到案后如实供述，并退缴赃款。",
        "出租车司机告诉记者，今天生意好。",
        "具体来说，要抓好三件事。",
        "对陶青来说，这是一次机会。",
        "局长陶青被评为先进个人，他的名字写在墙上。",
        "墙上写着“有水快流”四个字。",
    ],
)
def test_what_nobody_says_is_nobodys(paragraph: str) -> None:
    assert set(speakers(f"标题\n{paragraph}")) == {""}


@pytest.mark.parametrize(
    "next_one",
    [
        "据统计，全县收了三千吨。",
        "记者在现场看到，车队很长。",
        "陶青去年被评为先进个人。",
        "她带来了两套图纸。",
        "会议决定，由陶青牵头。",
        "县市场监管局表示，将进行抽查。",
        "村民孙福来说，够用了。",
        "邱阿婆出具书面意见，称手机已拿回。",
    ],
)
def test_speech_ends_where_another_subject_begins(next_one: str) -> None:
    first, second = speakers(f"标题\n局长陶青表示，仓容可以满足需要。{next_one}")
    assert first == "陶青" and second != "陶青"


def test_what_is_said_once_goes_on_only_where_it_shows() -> None:
    assert speakers("标题\n店主桑海燕说，够卖五天。门口贴着值班表。") == ["桑海燕", ""]
    assert speakers("标题\n店主桑海燕说，够卖五天。我们还有存货。") == ["桑海燕", "桑海燕"]
    assert speakers("标题\n局长陶青表示，够用五天。还有存货。") == ["陶青", "陶青"]


def test_a_paragraph_ends_reported_speech_but_not_a_list_or_an_open_quotation() -> None:
    assert speakers("标题\n局长陶青表示，够用。\n稻子是本地的。") == ["陶青", ""]
    assert speakers("标题\n局长陶青表示，要做三件事。\n一是收粮。\n二是卖粮。\n粮库在城东。") == ["陶青"] * 3 + [""]
    assert speakers("标题\n局长陶青表示：“够用。\n“还有存货。”\n粮库在城东。") == ["陶青", "陶青", ""]


def test_a_pronoun_means_who_spoke_last_or_nobody() -> None:
    assert speakers("标题\n局长陶青说，够用。他还说，不必抢购。") == ["陶青", "陶青"]
    assert speakers("标题\n局长陶青说，够用。\n他说，不必抢购。") == ["陶青", "陶青"]
    assert speakers("标题\n局长陶青说，够用。\n门口有人。他说，不必抢购。")[-1] == ""


def test_words_that_somebody_quotes_are_not_another_speakers() -> None:
    paragraph = "村民罗三妹说：“院长高明对我说：‘别怕。’我记住了。”"
    assert set(speakers(f"标题\n{paragraph}")) == {"罗三妹"}


def test_two_speakers_in_one_paragraph() -> None:
    paragraph = "退休的庄绍棠说：“拆了就没了。”货车司机鲁小满说：“太窄。”“老桥只走人。”庄绍棠说。"
    assert speakers(f"标题\n{paragraph}") == ["庄绍棠", "鲁小满", "庄绍棠", "庄绍棠"]


def test_parties_to_a_case_speak_and_the_court_does_not() -> None:
    text = (
        "判决书\n原告：杭某，男，1979年生，住桐林县。\n原告杭某诉称：工期已过。请求返还五万元。\n被告辩称，图纸变更过。\n"
        "证人蔺某到庭证称，没有见到工人。\n本院认为，合同有效。被告提出图纸变更，但未提交证据。"
    )
    assert speakers(text) == ["", "杭某", "杭某", "被告", "蔺某", "", ""]


# -- labels -------------------------------------------------------------------------------------------------------


def test_names_that_a_field_lists_are_speakers_and_fields_are_not() -> None:
    text = (
        "会议纪要\n主持人：秦某（副主任）\n参会：住建所 古某，安居物业 满某\n记录：卓某\n满某：电梯用了十六年。\n古某：可以申请补助。\n"
        "决议：由物业申请补助。\n散会。"
    )
    assert speakers(text) == ["", "", "", "满某", "古某", "", ""]


def test_names_in_the_margin() -> None:
    text = "会议记录\n出席：校长 解语堂　主任 庞德海\n解语堂　　先请总务处说。\n庞德海　　合同到期。有五家报名。\n决议：招标。"
    assert speakers(text) == ["", "解语堂", "庞德海", "庞德海", ""]


def test_a_role_before_the_name_and_an_office_after_it() -> None:
    text = "听证会\n总经理滕国栋：票价十年没变。\n消费者代表尤桂兰（退休教师）：我反对。\n市财政局臧敏：补贴不再增加。"
    assert speakers(text) == ["滕国栋", "尤桂兰", "臧敏"]


def test_what_people_do_is_not_what_they_say() -> None:
    assert set(speakers("分工\n厂长：负责全面工作。\n车间主任王芳：组织生产。\n安全员李强：检查隐患。")) == {""}
    assert set(speakers("通知\n一、时间：周五上午。\n联系人：茹某\n负责人：郏某（经理）\n经办：晏某")) == {""}


def test_messages_below_a_name_and_a_time() -> None:
    text = "群聊\n小鹿 21:02\n明天七点集合，北门见，大家都别迟到，迟到的人请所有人吃早饭，说话要算数\n老周 21:03\n好\n小鹿 21:04\n早点睡"
    found = sentences_of(text)
    assert [part.speaker for part in found if part.kind == "statement"] == ["小鹿", "老周", "小鹿"]
    assert [part.heading for part in found if part.text == "好"] == ["老周21:03"]


@pytest.mark.parametrize("stamp", ["[00:00:15] ", "00:15 ", "[2024-05-17 21:02:10] "])
def test_times_before_labels(stamp: str) -> None:
    assert speakers(f"文稿\n{stamp}张伟：你到了吗？\n{stamp}王芳：我到了。") == ["张伟", "王芳"]


def test_handles_of_a_forum() -> None:
    assert speakers("帖子\n@老饕：支持！\n@早睡 回复 @老饕：吵。\n浏览四万次。") == ["老饕", "早睡", ""]


def test_usual_questions_are_asked_and_answered_by_nobody() -> None:
    assert set(speakers("办事指南\n问：几天办完？\n答：三个工作日。\n联系人：茹某")) == {""}
    assert set(speakers("指南\n问题：几点开门？\n解答：您好，九点。\n问题：可以带宠物吗？\n解答：您好，不可以。")) == {
        ""
    }


def test_an_interview_ends_where_it_is_told_of() -> None:
    text = "专访\n记者：三年不卖，怎么维持？\n殷怀瑾：修旧家具。\n（笑）\n记者：徒弟呢？\n殷怀瑾：留下一个。\n殷怀瑾的徒弟正在翻晒木料。"
    assert speakers(text)[-2:] == ["殷怀瑾", ""]


def test_a_label_that_is_not_known_ends_a_turn() -> None:
    text = "实录\n【记者】停车怎么办？\n【局长陶青】有五个停车场。\n【链接】停车场的地址见网站。\n车位共四千个。"
    assert speakers(text) == ["记者", "陶青", "", ""]


# -- addresses ----------------------------------------------------------------------------------------------------


def test_a_speech_is_whose_name_stands_in_its_title_or_below() -> None:
    body = "同志们：\n今天讲三点。\n一、农时不等人。\n附：任务表"
    assert speakers(f"陆建川在动员会上的讲话\n{body}") == ["陆建川"] * 3 + [""]
    assert speakers(f"在动员会上的讲话\n县长　陆建川\n{body}") == ["", *["陆建川"] * 3, ""]
    assert set(speakers(f"在动员会上的讲话\n{body}")) == {""}


def test_a_letter_is_whose_name_stands_at_its_end() -> None:
    assert speakers("致老友\n你好：\n我在火车上写信。\n早点睡。\n祝好\n谢知微\n2023年4月12日") == ["谢知微"] * 4 + [""]
    notice = "通知\n各用水户：\n我公司调整缴费方式。\n联系人：茹某\n清泉供水有限公司\n2024年6月3日"
    assert set(speakers(notice)) == {""}


def test_a_report_of_a_speech_is_no_speech() -> None:
    assert set(speakers("陆建川在动员会上的讲话引起反响\n大家认真学习。\n全县掀起热潮。")) == {""}
