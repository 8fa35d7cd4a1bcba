"""Data sets: each format read into one shape, worked by hand on small samples, and refused where it is malformed."""

import csv
import gzip
import io
import json
import lzma
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.datasets import DATASETS, Dataset, Note, base, load_dataset, reading, rgb, to_questions_jsonl, write
from eval.questions import SPLITS, Question, Span
from rag.errors import LoadError, UsageError, YoujuError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests/data"
LAKE = "青湖水库建于1962年，库容三千万立方米。水库的看守人叫林有田，他守了三十一年。"
TEA = "白岭乡产茶，每年清明前采头茶。白岭茶厂有工人四十六名，厂长是周敏。"


def by_id(dataset: Dataset) -> dict[str, Question]:
    return {question.id: question for question in dataset.questions}


def counts(dataset: Dataset) -> dict[str, int]:
    return {note.en: note.count for note in dataset.notes}


def shown(dataset: Dataset, identifier: str) -> list[str]:
    return [document.text for document in dataset.passages[identifier]]


def quotes(dataset: Dataset, question: Question) -> list[set[str]]:
    """The words at every gold span, sliced from the documents."""
    texts = {document.path: document.text for document in dataset.documents}
    return [{texts[span.document][span.start : span.end] for span in gold.spans} for gold in question.gold]


SAMPLES: list[tuple[str, str, dict[str, Any]]] = [
    ("squad", "squad_dev.json", {}),
    ("cmrc2018", "cmrc2018_flat.json", {}),
    ("drcd", "drcd_dev.json", {}),
    ("dureader", "dureader_dev.jsonl", {}),
    ("dureader", "squad_dev.json", {}),
    ("rgb", "rgb", {"noise": 0.4}),
    ("rgb", "rgb", {"protocol": "rejection"}),
    ("rgb", "rgb", {"protocol": "integration"}),
    ("rgb", "rgb", {"protocol": "counterfactual", "correct": 0.2}),
    ("crud-rag", "crud", {}),
    ("beir", "beir", {}),
    ("own", "own/questions.csv", {"documents": DATA / "own/documents"}),
    ("own", "own/questions.jsonl", {}),
    ("news", "news.jsonl", {}),
    ("genres", "../../eval/genres", {"kinds": "-outside"}),
    ("genres", "../../eval/genres/law", {"kinds": "article,sister"}),
    ("genres", "../../eval/fields", {}),
    ("formats", "../../eval/formats", {"format": "txt"}),
    ("formats", "../../eval/formats", {"format": "md", "documents": "all", "kinds": "note"}),
]


@pytest.mark.parametrize(("name", "path", "options"), SAMPLES)
def test_common_shape(name: str, path: str, options: dict[str, Any], tmp_path: Path) -> None:
    dataset = load_dataset(name, DATA / path, **options)
    names = [document.path for document in dataset.documents]
    ids = [question.id for question in dataset.questions]
    assert len(set(names)) == len(names) and len(set(ids)) == len(ids)
    assert all(Path(found).name == found for found in names), "spans name documents by file name"
    assert all(
        question.kind in base.KINDS and question.split in (SPLITS if name in ("genres", "formats") else ("test",))
        for question in dataset.questions
    )
    for question in dataset.questions:
        assert question.answerable or not (question.facts or question.gold)
        for gold in question.gold:
            first = gold.spans[0]
            text = next(document.text for document in dataset.documents if document.path == first.document)
            assert gold.document == first.document and gold.quote == text[first.start : first.end] != ""
        assert dataset.relevance.get(question.id, {}).keys() <= set(names)
        assert set(dataset.passages.get(question.id, ())) <= set(dataset.documents)
    assert load_dataset(name, DATA / path, **options) == dataset, "the same file and settings, the same data set"
    write(dataset, tmp_path / "out")
    again = load_dataset("youju", tmp_path / "out")
    plain = tuple(replace(found, **dict.fromkeys(("encoding", "digest"), "")) for found in dataset.documents)
    assert again.documents == plain and again.questions == dataset.questions and again.notes == dataset.notes
    assert again.relevance == dataset.relevance and again.protocol == dataset.protocol


class TestSquad:
    def test_spans_are_verified(self) -> None:
        dataset = load_dataset("squad", DATA / "squad_dev.json")
        rows = by_id(dataset)
        assert [document.text for document in dataset.documents] == [LAKE, TEA]
        assert [document.title for document in dataset.documents] == ["青湖水库", "白岭"]
        name = dataset.documents[0].path
        assert rows["A_0_0"].facts == (("1962年", "1962"),)
        assert rows["A_0_0"].gold[0].spans == (Span(name, 6, 11), Span(name, 6, 10))
        assert rows["A_0_1"].gold[0].spans == (Span(name, 28, 31),), "the file says 29"
        assert rows["B_0_0"].gold == () and rows["B_0_0"].facts == (("46名",),), "kept, though it stands nowhere"
        assert [rows[row].answerable for row in ("A_0_2", "B_0_1")] == [False, False]
        assert counts(dataset) == {
            "answers with a wrong offset, taken at the nearest place": 1,
            "answers that stand nowhere in their passage": 1,
            "questions without an answer, taken as unanswerable": 1,
        }
        assert shown(dataset, "A_0_2") == [LAKE]

    def test_flat_cmrc(self) -> None:
        dataset = load_dataset("cmrc2018", DATA / "cmrc2018_flat.json")
        rows = by_id(dataset)
        assert rows["TRIAL_0_0"].facts == (("三千万立方米", "库容三千万立方米"),)
        assert quotes(dataset, rows["TRIAL_0_0"]) == [{"三千万立方米", "库容三千万立方米"}]
        assert rows["TRIAL_1_0"].gold[0].spans[0][1:] == (4, 5), "the first of several"
        assert counts(dataset) == {"answers that stand nowhere in their passage": 1}

    def test_traditional_text_is_kept(self) -> None:
        dataset = load_dataset("drcd", DATA / "drcd_dev.json")
        assert "青湖水庫" in dataset.documents[0].text
        assert by_id(dataset)["1-1-3"].gold[0].quote == "三千萬立方公尺"

    def test_folder(self, tmp_path: Path) -> None:
        shutil.copy(DATA / "squad_dev.json", tmp_path / "set-dev.json")
        shutil.copy(DATA / "drcd_dev.json", tmp_path / "set-train.json")
        assert load_dataset("squad", tmp_path).name == "squad"
        assert len(load_dataset("drcd", tmp_path, split="train").questions) == 3
        with pytest.raises(UsageError) as caught:
            load_dataset("squad", DATA)
        assert "drcd_dev.json, squad_dev.json" in caught.value.en
        with pytest.raises(UsageError) as caught:
            load_dataset("squad", tmp_path, split="test")
        assert "*test*.json" in caught.value.zh

    def test_repeated_id(self, tmp_path: Path) -> None:
        whole = json.loads((DATA / "cmrc2018_flat.json").read_text())
        (tmp_path / "a.json").write_text(json.dumps(whole + whole))
        dataset = load_dataset("squad", tmp_path / "a.json")
        assert {"TRIAL_0_0", "TRIAL_0_0-2"} <= set(by_id(dataset)) and len(dataset.documents) == 2
        assert counts(dataset)["questions whose id repeats, numbered"] == 3


@pytest.mark.parametrize(
    ("start", "expected"), [(0, 1), (1, 1), (2, 1), (3, 1), (4, 5), (5, 5), (9, 5), (100, 5), (-1, 1)]
)
def test_nearest(start: int, expected: int) -> None:
    assert base.nearest("甲茶乙丙丁茶", "茶", start) == expected


@given(st.text("甲乙", max_size=12), st.text("甲乙", min_size=1, max_size=3), st.integers(-3, 15))
def test_nearest_is_nearest(text: str, words: str, start: int) -> None:
    found = base.places(text, words)
    assert found == [at for at in range(len(text)) if text.startswith(words, at)]
    best = base.nearest(text, words, start)
    assert (best is None) == (not found)
    assert best is None or abs(best - max(0, start)) == min(abs(at - max(0, start)) for at in found)


def test_dureader() -> None:
    dataset = load_dataset("dureader", DATA / "dureader_dev.jsonl")
    rows = by_id(dataset)
    assert shown(dataset, "101") == ["白岭乡产茶。\n每年清明前采头茶，四月底采完。", "紫砂壶宜泡乌龙。"]
    assert rows["101"].facts == (("清明节之前采。",),), "as people wrote it"
    assert rows["101"].gold[0].quote == "清明前采头茶", "as it stands in the document"
    assert rows["102"].gold[0].quote == "乌龙" and rows["102"].facts == (("乌龙", "铁观音"),)
    assert not rows["103"].answerable and rows["104"].gold == ()
    assert list(dataset.relevance["101"]) == [dataset.passages["101"][0].path]
    assert counts(dataset) == {
        "documents without text, left out": 1,
        "questions whose answer stands verbatim in no document": 1,
    }


class TestRgb:
    @pytest.mark.parametrize(
        ("noise", "positive", "negative"),
        [(0.0, 3, 2), (0.2, 3, 2), (0.4, 3, 2), (0.5, 2, 3), (0.6, 2, 3), (0.8, 1, 4)],
    )
    def test_noise(self, noise: float, positive: int, negative: int) -> None:
        """Row 0 has three positive and five noise passages; what is short of one kind the other makes up."""
        dataset = load_dataset("rgb", DATA / "rgb", noise=noise)
        row = json.loads((DATA / "rgb/zh_refine.json").read_text().splitlines()[0])
        texts = shown(dataset, "0")
        assert sorted(texts) == sorted(row["positive"][:positive] + row["negative"][:negative])
        assert len(dataset.relevance["0"]) == positive and dataset.protocol["noise"] == noise

    def test_answers(self) -> None:
        rows = by_id(load_dataset("rgb", DATA / "rgb"))
        assert rows["0"].facts == (("5月6日",),)
        assert rows["1"].facts == (("何川", "He Chuan"),), "one answer in two forms"
        assert rows["2"].facts == (("46",), ("周敏",)), "two answers, both required"
        assert [len(gold.spans) for gold in rows["2"].gold] == [2, 1]

    def test_rejection(self) -> None:
        dataset = load_dataset("rgb", DATA / "rgb", protocol="rejection")
        row = json.loads((DATA / "rgb/zh_refine.json").read_text().splitlines()[0])
        assert sorted(shown(dataset, "0")) == sorted(row["negative"])
        assert not any(question.answerable for question in dataset.questions) and not dataset.relevance
        assert counts(dataset) == {"questions with fewer passages than asked for": 2}

    def test_integration(self) -> None:
        dataset = load_dataset("rgb", DATA / "rgb/zh_int.json", noise=0.4)
        row = json.loads((DATA / "rgb/zh_int.json").read_text().splitlines()[0])
        texts = shown(dataset, "0")
        parts = [sum(text in part for text in texts) for part in row["positive"]]
        assert parts == [2, 1], "3 of 5: one of each part, then another of the first"
        assert set(texts) - {text for part in row["positive"] for text in part} == set(row["negative"][:2])
        assert len(by_id(dataset)["2"].gold) == 2, "an empty part gives nothing"
        crowded = load_dataset("rgb", DATA / "rgb/zh_int.json", noise=0.8)
        assert len(by_id(crowded)["0"].gold) == 2, "each part keeps one passage, whatever the noise"

    def test_counterfactual(self) -> None:
        dataset = load_dataset("rgb", DATA / "rgb/zh_fact.json", noise=0.4)
        row = json.loads((DATA / "rgb/zh_fact.json").read_text().splitlines()[0])
        assert sorted(shown(dataset, "0")) == sorted(row["positive_wrong"] + row["negative"])
        assert by_id(dataset)["0"].note == "fakeanswer: 16" and by_id(dataset)["0"].gold == ()
        mixed = load_dataset("rgb", DATA / "rgb/zh_fact.json", noise=0.2, correct=0.4)
        assert sum(text in row["positive"] for text in shown(mixed, "0")) == 1, "2 of 3 pairs are drawn wrong first"
        assert len(mixed.relevance["0"]) == 1

    def test_seed(self) -> None:
        orders = {tuple(shown(load_dataset("rgb", DATA / "rgb", seed=seed), "0")) for seed in range(6)}
        assert len(orders) > 1
        assert shown(load_dataset("rgb", DATA / "rgb"), "0")[0] == "5月6日上午，青湖大桥开放通行。"

    @pytest.mark.parametrize(
        "options",
        [
            {"protocol": "guess"}, {"noise": 1.0}, {"noise": -0.1}, {"noise": 1.5}, {"passages": 0},
            {"protocol": "rejection", "noise": 0.2}, {"correct": 0.2}, {"noise": float("nan")},
        ],
    )  # fmt: skip
    def test_impossible_options(self, options: dict[str, Any]) -> None:
        with pytest.raises(UsageError):
            load_dataset("rgb", DATA / "rgb", **options)

    def test_matching(self) -> None:
        question = by_id(load_dataset("rgb", DATA / "rgb"))["2"]
        assert rgb.labels("工人 4 6 名", question) == (True, False), "blanks of the answer do not count"
        assert rgb.is_correct("46名，厂长周敏", question) and not rgb.is_correct("46，周敏。但文档信息不足", question)
        english = by_id(load_dataset("rgb", DATA / "rgb"))["1"]
        assert rgb.labels("何川", english) == (True,)
        assert rgb.labels("HE CHUAN", english) == (False,), "blanks of a form do, as in evalue.py"
        assert rgb.is_refusal("文档信息不足，因此我无法回答") and not rgb.is_refusal("何川")
        assert rgb.reports_error("提供的文档存在事实性错误。")

    def test_score(self) -> None:
        noise = load_dataset("rgb", DATA / "rgb")
        assert rgb.score(noise, {"0": "5月6日", "1": "李木"}) == {"accuracy": 1 / 3}
        rejection = load_dataset("rgb", DATA / "rgb", protocol="rejection")
        assert rgb.score(rejection, {"0": "信息不足", "1": "何川"}) == {"rejection_rate": 1 / 3}
        wrong = load_dataset("rgb", DATA / "rgb/zh_fact.json")
        answers = {"0": "存在事实性错误，应为6条", "1": "存在事实性错误", "2": "46，四十六"}
        assert rgb.score(wrong, answers) == {
            "accuracy": 2 / 3,
            "error_detection_rate": 2 / 3,
            "error_correction_rate": 1 / 2,
        }
        assert rgb.score(wrong, {})["error_correction_rate"] == 0


def test_crud_rag() -> None:
    dataset = load_dataset("crud-rag", DATA / "crud", corpus=DATA / "crud/documents_part_1")
    rows = by_id(dataset)
    assert [question.kind for question in dataset.questions] == ["one-document", "two-documents", "three-documents"]
    assert rows["questanswer_2docs-x2"].facts == (("五月六日通车，由省路桥公司承建。",),)
    assert [len(grades) for grades in dataset.relevance.values()] == [1, 2, 3]
    assert len(dataset.documents) == 4, "three reports, two of them in the corpus again, and one more"
    one = load_dataset("crud-rag", DATA / "crud/split_merged.json", task="questanswer_1doc")
    assert len(one.questions) == 1 and one.protocol == {"task": "questanswer_1doc"}


def test_beir() -> None:
    dataset = load_dataset("c-mteb", DATA / "beir")
    assert dataset.documents[0].text == "青湖水库\n" + LAKE
    assert [document.path for document in dataset.documents] == ["d1.txt", "a%2Fb.txt", "d4.txt"]
    assert dataset.relevance == {
        "q1": {"d1.txt": 2, "a%2Fb.txt": 0},
        "q2": {"a%2Fb.txt": 1},
        "q4": {"d1.txt": 1, "a%2Fb.txt": 1},
    }
    assert list(by_id(dataset)) == ["q1", "q2", "q4"]
    assert sum(counts(dataset).values()) == 4
    with pytest.raises(UsageError) as caught:
        load_dataset("beir", DATA / "beir", split="dev")
    assert "test" in caught.value.en


@given(st.text("ab/%:\\.2FC", min_size=1, max_size=6), st.text("ab/%:\\.2FC", min_size=1, max_size=6))
def test_file_names_tell_identifiers_apart(one: str, other: str) -> None:
    assert Path(base.file_name(one)).name == base.file_name(one)
    assert (base.file_name(one) == base.file_name(other)) == (one == other)


class TestOwn:
    @pytest.mark.parametrize("file", ["questions.csv", "questions_gb18030.csv", "questions.jsonl"])
    def test_formats_agree(self, file: str) -> None:
        dataset = load_dataset("own", DATA / "own" / file, documents=DATA / "own/documents")
        first, second, third = dataset.questions
        assert first.facts == (("1962年", "1962"),) and first.gold[0].spans == (Span("湖.txt", 4, 11),)
        assert second.gold[0].document == "湖.txt", "found without its document's name"
        assert not third.answerable

    def test_without_documents(self) -> None:
        dataset = load_dataset("own", DATA / "own/questions.csv")
        assert not dataset.documents and dataset.questions[0].gold == ()
        assert counts(dataset) == {"no documents given, quotes not looked up": 2, "column not used: '难度'": 1}

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("答案\n甲\n", "line 1: the header has no column question"),
            ("问题,答案\n哪年？,1962\n,1963\n", "line 3, field question: is empty"),
            ("question,answer,answerable\n甲,乙,maybe\n", "line 2, field answerable: is not true or false"),
            ("问题,可答\n甲,是\n", "line 2, field 可答: must be given exactly"),
            ("问题,答案,可答\n甲,乙,否\n", "line 2, field 答案: must be given exactly"),
            ("问题,答案\n甲,乙,丙\n", "line 2: has 3 cells"),
            ('问题,答案\n甲,"乙\n', "line 2: is not CSV"),
            ("问题,答案,文档\n甲,乙,无.txt\n", "line 2, field 文档: names no known document"),
            ("问题,答案,引文\n甲,乙,\n丙,丁,没有的话\n", "line 3, field 引文: stands in no document"),
            ("问题,question\n甲,乙\n", "field question: occurs twice"),
            ("编号,问题\n1,甲\n1,乙\n", "line 3, field 编号: occurs twice"),
            ("问题,答案\n\n", "is empty"),
            ("问题,答案\n甲," + "乙" * 140_000 + "\n", "line 2: is not CSV (field larger"),
        ],
    )
    def test_malformed_table(self, tmp_path: Path, text: str, part: str) -> None:
        file = tmp_path / "own.csv"
        file.write_text(text, encoding="utf-8-sig")
        with pytest.raises(UsageError) as caught:
            load_dataset("own", file, documents=DATA / "own/documents")
        assert part in caught.value.en and str(file) in caught.value.zh

    def test_two_documents_of_one_name(self, tmp_path: Path) -> None:
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "same.txt").write_text(LAKE)
        with pytest.raises(UsageError, match=r"same\.txt"):
            load_dataset("own", DATA / "own/questions.csv", documents=tmp_path)

    def test_binary_table(self, tmp_path: Path) -> None:
        (tmp_path / "own.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
        with pytest.raises(LoadError):
            load_dataset("own", tmp_path / "own.csv")


WORDS = (
    st.text(st.sampled_from('甲乙丙丁年月ab19，。",;\t\n 「」😀'), min_size=1, max_size=20).map(str.strip).filter(bool)
)


@given(
    st.lists(st.tuples(WORDS, st.lists(WORDS, max_size=3, unique=True), st.text('备注,"\n', max_size=4)), min_size=1),
    st.sampled_from(["utf-8-sig", "utf-16"]),
)
def test_table_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[str], str]], encoding: str
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["编号", "问题", "答案", "备注"])
    for number, (question, forms, note) in enumerate(rows):
        writer.writerow([f"id{number}", question, "|".join(forms), note])
    file = tmp_path_factory.mktemp("own") / "own.csv"
    file.write_bytes(stream.getvalue().encode(encoding))
    dataset = load_dataset("own", file)
    expected = [(f"id{number}", row[0], (tuple(row[1]),) if row[1] else ()) for number, row in enumerate(rows)]
    assert [(question.id, question.question, question.facts) for question in dataset.questions] == expected
    assert [question.note for question in dataset.questions] == [note.strip() for _, _, note in rows]


def test_news(tmp_path: Path) -> None:
    raw = (DATA / "news.jsonl").read_bytes()
    (tmp_path / "news.jsonl.xz").write_bytes(lzma.compress(raw))
    (tmp_path / "news.jsonl.gz").write_bytes(gzip.compress(raw))
    plain = load_dataset("news", DATA / "news.jsonl")
    assert plain.documents[0].date == date(2023, 7, 28) and plain.documents[1].date is None
    assert [document.title for document in plain.documents] == [
        "青湖大桥五月六日通车，全长两公里。",
        "承建",
        "通车首日，经过大桥的车辆超过一万辆。",
    ]
    assert plain.documents[1].source == "青湖日报" and not plain.questions
    for file in ("news.jsonl.xz", "news.jsonl.gz"):
        assert load_dataset("news", tmp_path / file) == plain
        (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:-20])
        with pytest.raises(UsageError, match=file):
            load_dataset("news", tmp_path / file)
    assert len(load_dataset("news", DATA / "news.jsonl", limit=2).documents) == 2
    with pytest.raises(UsageError):
        load_dataset("news", DATA / "news.jsonl", limit=0)


@pytest.mark.parametrize("day", ["2023-23-08", "2307-07-08", "七月"])
def test_impossible_dates_are_counted(day: str, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(edited("news.jsonl", "2023-07-30", day))
    dataset = load_dataset("news", tmp_path)
    assert dataset.documents[2].date is None
    assert counts(dataset) == {"documents with an impossible date, taken as without one": 1}


def edited(path: str, old: str, new: str) -> str:
    text = (DATA / path).read_text()
    assert old in text
    return text.replace(old, new, 1)


MALFORMED = [
    ("squad", "squad_dev.json", '"context"', '"text"', "field data[0].paragraphs[0].context: is missing"),
    ("squad", "squad_dev.json", '"answer_start": 6', '"answer_start": "6"', "answers[0].answer_start: is not a whole"),
    ("squad", "squad_dev.json", '"is_impossible": true', '"is_impossible": 1', "qas[2].is_impossible: is not true"),
    ("squad", "squad_dev.json", '"version"', "version", "line 2: is not JSON"),
    ("cmrc2018", "cmrc2018_flat.json", '"query_text"', '"query"', "field [0].qas[0].query_text: is missing"),
    ("cmrc2018", "cmrc2018_flat.json", '"三千万立方米"', "3", "field [0].qas[0].answers[0]: is not a text"),
    ("dureader", "dureader_dev.jsonl", '"question": "紫', '"query": "紫', "line 2, field question: is missing"),
    ("dureader", "dureader_dev.jsonl", '["紫砂壶宜泡乌龙。"]', '"紫砂壶"', "line 1, field documents[1].paragraphs: is not a list"),
    ("dureader", "dureader_dev.jsonl", '{"question_id": 102', '{"question_id" 102', "line 2: is not JSON"),
    ("rgb", "rgb/zh_refine.json", '"query": "白', '"q": "白', "line 2, field query: is missing"),
    ("rgb", "rgb/zh_refine.json", '["5月6日"]', "[]", "line 1, field answer: holds no answer"),
    ("rgb", "rgb/zh_refine.json", '["5月6日"]', "[1.5]", "line 1, field answer[0]: is not a text"),
    ("rgb", "rgb/zh_refine.json", '{"id": 1', '{"id": 1,,', "line 2: is not JSON"),
    ("rgb", "rgb/zh_int.json", "[[", "[3, [", "line 1, field positive[0]: is not a list"),
    ("rgb", "rgb/zh_fact.json", '"positive_wrong"', '"wrong"', "line 1, field positive_wrong: is missing"),
    ("crud-rag", "crud/split_merged.json", '"news2"', '"news"', "field questanswer_2docs[0].news2: is missing"),
    ("crud-rag", "crud/split_merged.json", '"全长两公里。"', "null", "field questanswer_1doc[0].answers: is not a text"),
    ("news", "news.jsonl", '"2023-07-30"', "20230730", "line 3, field date: is not a text"),
    ("news", "news.jsonl", '"id": "n2"', '"id": "n1"', "line 2, field id: occurs twice"),
    ("news", "news.jsonl", '{"id": "n2"', '{"id": "n2', "line 2: is not JSON"),
    ("news", "news.jsonl", '"id": "n2"', '"id": "\\ud800"', "line 2, field id: holds half a character"),
    ("own", "own/questions.jsonl", '{"问题"', '["问题"', "line 2: is not JSON"),
    ("own", "own/questions.jsonl", '["1962年", "1962"]', "7", "line 1, field answer: is not a text"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "old", "new", "part"), MALFORMED)
def test_malformed(name: str, path: str, old: str, new: str, part: str, tmp_path: Path) -> None:
    file = tmp_path / Path(path).name
    file.write_text(edited(path, old, new))
    with pytest.raises(UsageError) as caught:
        load_dataset(name, file)
    assert part in caught.value.en and str(file) in caught.value.en and str(file) in caught.value.zh


@pytest.mark.parametrize(
    ("path", "old", "new", "part"),
    [
        ("corpus.jsonl", '"_id": "a/b"', '"id": "a/b"', "corpus.jsonl, line 2, field _id: is missing"),
        ("corpus.jsonl", '"_id": "a/b"', '"_id": "d1"', "corpus.jsonl, line 2, field _id: occurs twice"),
        ("queries.jsonl", '"_id": "q2"', '"_id": "q1"', "queries.jsonl, line 2, field _id: occurs twice"),
        ("queries.jsonl", '"水库哪年建的"', "[]", "queries.jsonl, line 1, field text: is not a text"),
        ("qrels/test.tsv", "a/b\t0", "a/b\tnone", "test.tsv, line 3, field score: is not a number"),
        ("qrels/test.tsv", "a/b\t0", "a/b 0", "test.tsv, line 3: does not have three columns"),
    ],
)
def test_malformed_beir(path: str, old: str, new: str, part: str, tmp_path: Path) -> None:
    shutil.copytree(DATA / "beir", tmp_path / "beir")
    (tmp_path / "beir" / path).write_text(edited(f"beir/{path}", old, new))
    with pytest.raises(UsageError) as caught:
        load_dataset("beir", tmp_path / "beir")
    assert part in caught.value.en


@pytest.mark.parametrize("name", DATASETS)
def test_missing_and_empty(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "blank.csv").write_bytes(b"\xef\xbb\xbf\n \n")
    (tmp_path / "latin.json").write_bytes(b'{"data": "\xff\xfe\xfa"}')
    for path in ("missing.jsonl", "folder", "empty.jsonl", "blank.csv", "latin.json"):
        with pytest.raises(YoujuError) as caught:
            load_dataset(name, tmp_path / path)
        assert str(tmp_path / path) in caught.value.en and str(tmp_path / path) in caught.value.zh


def test_deep_and_huge_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "news.jsonl"
    file.write_text("[" * 200_000)
    with pytest.raises(UsageError, match="1 行"):
        load_dataset("news", file)
    file.write_text('{"id": ' + "9" * 5000 + "}")
    with pytest.raises(UsageError, match="1 行"):
        load_dataset("news", file)
    long = "湖" * 2_000_000
    file.write_text("\n".join(json.dumps({"id": key, "date": None, "text": long}) for key in "ab"))
    assert [len(document.text) for document in load_dataset("news", file).documents] == [2_000_000] * 2
    monkeypatch.setattr(reading, "LONGEST_LINE", 1000)
    file.write_text('{"id": "a", "date": "", "text": "湖"}\n' + "x" * 2000)
    with pytest.raises(UsageError) as caught:
        load_dataset("news", file)
    assert "line 2: is longer than 1,000 bytes" in caught.value.en


def test_unknown_names() -> None:
    with pytest.raises(UsageError) as caught:
        load_dataset("squad3", DATA)
    assert "cmrc2018" in caught.value.zh and "crud-rag" in caught.value.en
    with pytest.raises(UsageError) as caught:
        load_dataset("rgb", DATA, noisy=1)
    assert "noisy" in caught.value.zh and "noise, passages" in caught.value.en
    with pytest.raises(UsageError, match="questanswer_1doc"):
        load_dataset("crud-rag", DATA / "crud", task="event_summary")
    with pytest.raises(UsageError, match="questanswer_1doc"):
        load_dataset("crud-rag", DATA / "drcd_dev.json")


class TestExport:
    def test_rows_are_those_of_our_own_set(self) -> None:
        from eval.questions import QUESTIONS

        dataset = load_dataset("squad", DATA / "squad_dev.json")
        rows = [json.loads(line) for line in to_questions_jsonl(dataset)]
        assert set(rows[0]) == set(json.loads(QUESTIONS.read_text().splitlines()[0]))
        name = dataset.documents[0].path
        assert rows[0]["gold"] == [
            {
                "document": name,
                "quote": "1962年",
                "start": 6,
                "alternatives": [{"document": name, "quote": "1962", "start": 6}],
            }
        ]
        assert rows[2]["gold"] == [] and rows[2]["facts"] == []

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        dataset = load_dataset("squad", DATA / "squad_dev.json")
        write(dataset, tmp_path)
        before = (tmp_path / "questions.jsonl").read_bytes()
        with pytest.raises(UsageError, match=r"questions\.jsonl"):
            write(load_dataset("drcd", DATA / "drcd_dev.json"), tmp_path)
        assert (tmp_path / "questions.jsonl").read_bytes() == before
        with pytest.raises(UsageError):
            write(dataset, tmp_path / "questions.jsonl" / "folder")

    @pytest.mark.parametrize(
        ("file", "old", "new", "part"),
        [
            ("questions.jsonl", '"start": 6', '"start": 7', "line 1, field gold[0].quote: does not stand in"),
            ("questions.jsonl", '"answerable": true', '"answerable": "yes"', "line 1, field answerable: is not true"),
            ("documents.jsonl", '"date": null', '"date": "soon"', "line 1, field date: is not a date"),
            ("protocol.json", '"passages": {"A_0_0": ["', '"passages": {"A_0_0": ["x', "names no known document"),
        ],
    )
    def test_malformed(self, tmp_path: Path, file: str, old: str, new: str, part: str) -> None:
        write(load_dataset("squad", DATA / "squad_dev.json"), tmp_path)
        text = (tmp_path / file).read_text()
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new, 1))
        with pytest.raises(UsageError) as caught:
            load_dataset("youju", tmp_path)
        assert part in caught.value.en


def test_note_speaks_the_users_language(monkeypatch: pytest.MonkeyPatch) -> None:
    note = Note("题", "questions", 3)
    assert str(note) == "题 (3)"
    monkeypatch.setenv("YOUJU_LANGUAGE", "en")
    assert str(note) == "questions (3)"


def test_blank_passages_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "zh_refine.json").write_text(edited("rgb/zh_refine.json", "青湖大桥全长两公里。", " "))
    dataset = load_dataset("rgb", tmp_path / "zh_refine.json", protocol="rejection")
    assert len(shown(dataset, "0")) == 4


def test_one_line_and_byte_order_mark(tmp_path: Path) -> None:
    whole = json.loads((DATA / "squad_dev.json").read_text())
    (tmp_path / "one-line.json").write_text(json.dumps(whole))
    (tmp_path / "marked.json").write_text(json.dumps(whole), encoding="utf-8-sig")
    expected = load_dataset("dureader", DATA / "squad_dev.json")
    assert load_dataset("dureader", tmp_path / "one-line.json") == expected
    assert load_dataset("dureader", tmp_path / "marked.json") == expected
    (tmp_path / "news.jsonl").write_text((DATA / "news.jsonl").read_text(), encoding="utf-8-sig")
    assert load_dataset("news", tmp_path) == load_dataset("news", DATA / "news.jsonl")


def test_genres_are_halved_by_document() -> None:
    dataset = load_dataset("genres", ROOT / "eval/genres")
    halves = {split: {q.id.rsplit("-", 1)[0] for q in dataset.questions if q.split == split} for split in SPLITS}
    assert len(dataset.documents) == 24 and len(dataset.questions) >= 300
    assert halves["tune"].isdisjoint(halves["test"]) and len(halves["tune"]) == len(halves["test"]) == 12
    unanswerable = [question.kind for question in dataset.questions if not question.answerable]
    assert len(unanswerable) >= len(dataset.questions) / 3 and set(unanswerable) == {"sister", "outside"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kind", "nonsense", "kind"),
        ("split", "dev", "split"),
        ("document", "elsewhere.txt", "document"),
        ("quotes", ["not there"], "quotes"),
        ("facts", [], "facts"),
    ],
)
def test_malformed_rows_of_genres_name_line_and_field(tmp_path: Path, field: str, value: Any, message: str) -> None:
    (tmp_path / "a.txt").write_text("全镇有9个村。", encoding="utf-8")
    row = {
        **{"id": "a-1", "genre": "a", "kind": "single", "split": "tune", "document": "a.txt", "question": "几个村？"},
        **{"answerable": True, "facts": [["9个"]], "quotes": ["9个村"], "note": ""},
    }
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    assert load_dataset("genres", tmp_path).questions[0].facts == (("9个",),)
    file.write_text(json.dumps(row | {field: value}), encoding="utf-8")
    with pytest.raises(UsageError, match=f"questions.jsonl.*{message}"):
        load_dataset("genres", tmp_path)
