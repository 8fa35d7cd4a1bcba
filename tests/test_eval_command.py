"""``youju eval``: every command, its exit codes, and what it says of wrong use in both languages."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hashing_embedder import HashingEmbedder
from langchain_core.language_models import FakeListChatModel
from test_imports import HEAVY, command, loaded_by
from youju_process import environment, refused
from youju_process import run as run_process

from eval import actions
from eval.choosing import choose_questions, opened, parsed_options
from eval.dialogues import dialogues, heard, shares
from eval.metrics import METRICS
from eval.questions import load_questions
from eval.reports import html
from eval.running import run as ask_all
from eval.runs import Run
from eval.summary import report_of
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.language_models import Choice
from rag.terminal.cli import main

FEW = ("--model", "extractive", "--limit", "6")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that a process of its own has made."""
    folder = tmp_path_factory.mktemp("eval") / "run"
    outcome = run_process("eval", "run", *FEW, "--out", folder)
    assert outcome.code == 0, outcome
    assert "事实全对" in outcome.output and str(folder / "report.html") in outcome.output
    assert f"6 题 → {folder}" in outcome.errors
    return folder


@pytest.fixture
def youju(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command here; returns exit code, output and errors."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


@pytest.mark.parametrize("arguments", [["eval", "--help"], ["eval", "run", "--help"], ["eval", "draft", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(command(*arguments)) == set()


SQUAD = Path(__file__).parent / "data" / "squad_dev.json"


def test_face_of_the_package_is_light() -> None:
    assert loaded_by("import eval, eval.command; assert 'numpy' not in __import__('sys').modules") == set()
    script = "import eval.compare, eval; assert callable(eval.run) and eval.METRICS and eval.Run and eval.load_dataset"
    subprocess.run([sys.executable, "-c", script], check=True, env=environment())
    assert HEAVY


def test_run_leaves_valid_reports_and_asks_nothing_twice(finished: Path) -> None:
    report = json.loads((finished / "report.json").read_text("utf-8"))
    assert (report["asked"], report["questions"], report["partial"]) == (6, 6, False)
    assert report["settings"]["set"] == "youju" and report["settings"]["limit"] == 6
    assert report["peak_memory"] > 10**7
    [suite] = ElementTree.parse(finished / "junit.xml").getroot()
    assert suite.get("tests") == "6"
    assert "<!doctype html>" in (finished / "report.html").read_text("utf-8")
    before = (finished / "rows.jsonl").read_bytes()
    outcome = run_process("eval", "run", *FEW, "--out", finished, "--json")
    assert outcome.code == 0 and json.loads(outcome.output)["rows"] == report["rows"]
    assert (finished / "rows.jsonl").read_bytes() == before


def test_thresholds_decide_the_exit_code(finished: Path, youju: Callable[..., tuple[int, str, str]]) -> None:
    run = ("eval", "compare", finished, finished)
    assert youju(*run, "--fail-on-regression", "--fail-under", "exact_span_rate=1")[0] == 0
    code, out, _ = youju(*run, "--fail-under", "exact_span_rate=1.1", "--fail-under", "false_rejection_rate=-1")
    assert code == 1 and out.count("✗") == 2 and "exact_span_rate" in out
    outcome = run_process("eval", "run", *FEW, "--out", finished, "--fail-under", "fact_accuracy=1.01")
    assert outcome.code == 1 and "✗ fact_accuracy" in outcome.errors


def test_compare_shows_what_was_won_and_lost(
    finished: Path, tmp_path: Path, youju: Callable[..., tuple[int, str, str]]
) -> None:
    report = json.loads((finished / "report.json").read_text("utf-8"))
    right = next(identifier for identifier, outcome in report["outcomes"].items() if outcome == "right")
    row = next(row for row in report["rows"] if row["id"] == right)
    row.update(answer="不知所云", abstained=False)
    worse = tmp_path / "worse.json"
    worse.write_text(json.dumps(report), "utf-8")
    code, out, _ = youju("eval", "compare", finished, worse)
    assert code == 0 and f"丢 {right}: {row['question']['question']}" in out and "丢 1 题" in out
    assert f"赢 {right}" in youju("eval", "compare", worse, finished)[1]
    compared = json.loads(youju("eval", "compare", worse, finished, "--json")[1])
    assert compared["won"] == [right] and compared["reasons"] == []
    text = youju("eval", "compare", worse, finished, "--markdown")[1]
    assert f"**赢** {right}" in text and text.startswith("## worse")


def test_baseline_is_kept_and_stands_guard(
    finished: Path, tmp_path: Path, youju: Callable[..., tuple[int, str, str]]
) -> None:
    keep = ("eval", "baseline", finished, "--name", "small", "--out", tmp_path)
    code, out, _ = youju(*keep)
    baseline = tmp_path / "small.json"
    assert code == 0 and out.strip() == str(baseline)
    assert youju(*keep)[0] == 2 and youju(*keep, "--replace")[0] == 0
    assert youju("eval", "baseline", finished, "--name", "../x", "--out", tmp_path)[0] == 2
    assert youju("eval", "compare", baseline, finished, "--fail-on-regression")[0] == 0
    assert "±0" in youju("eval", "report", finished, "--baseline", baseline)[1] or "±0" in (
        finished / "report.md"
    ).read_text("utf-8")
    better = json.loads(baseline.read_text("utf-8"))
    better["outcomes"] = {name: [digest, "right"] for name, (digest, _) in better["outcomes"].items()}
    better["summary"]["all"]["metrics"]["exact_span_rate"]["low"] = 1.5
    baseline.write_text(json.dumps(better), "utf-8")
    outcome = run_process("eval", "run", *FEW, "--out", finished, "--fail-on-regression", baseline)
    assert outcome.code == 1 and "逐字引用 变差" in outcome.errors


def test_report_is_written_again_and_rows_are_exported(
    finished: Path, tmp_path: Path, youju: Callable[..., tuple[int, str, str]]
) -> None:
    (finished / "report.html").unlink()
    assert youju("eval", "report", finished)[0] == 0
    assert (finished / "report.html").exists()
    out = tmp_path / "rows.csv"
    assert youju("eval", "export", finished, "--out", out)[0] == 0
    assert out.read_text("utf-8-sig").startswith("id,kind,split")
    before = out.read_bytes()
    assert youju("eval", "export", finished, "--out", out)[0] == 2 and out.read_bytes() == before
    lines = youju("eval", "export", finished, "--format", "ragas")[1].splitlines()
    assert len(lines) == 6 and "user_input" in json.loads(lines[0])


def test_own_questions_are_asked_on_ones_own_documents(tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "parks.txt").write_text("截至2023年3月底，全市建成公园264座，比上年末增加12座。\n", "utf-8")
    mine = tmp_path / "mine.csv"
    mine.write_text("问题,答案,文档,引文\n全市建成公园多少座？,264座,parks.txt,全市建成公园264座\n", "utf-8")
    out = tmp_path / "run"
    asked = ("eval", "run", "--model", "extractive", "--set", f"own:{mine}", "--documents", texts, "--out", out)
    outcome = run_process(*asked, YOUJU_HOME=str(tmp_path / "home"))
    assert outcome.code == 0, outcome
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert list(report["outcomes"].values()) == ["right"] and report["settings"]["set"] == "own:mine.csv"
    assert report["rows"][0]["hits"][0]["span"]["document"] == "parks.txt"


def test_each_embedder_has_an_index_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parks.txt").write_text("截至2023年3月底，全市建成公园264座。\n", "utf-8")
    mine = tmp_path / "mine.csv"
    mine.write_text("问题,答案,文档,引文\n全市建成公园多少座？,264座,parks.txt,全市建成公园264座\n", "utf-8")
    monkeypatch.setenv("YOUJU_HOME", str(tmp_path / "home"))
    chosen = choose_questions(f"own:{mine}", options={"documents": str(tmp_path / "parks.txt")})
    for embedder in (HashingEmbedder("small", 32), HashingEmbedder("large", 64), HashingEmbedder("small", 32)):
        with opened(chosen, None, embedder=embedder) as assistant:
            assert assistant.store.dimension == embedder.dimension
            assert len(assistant.documents()) == 1
    made = [path for path in (tmp_path / "home").rglob("eval-*") if path.is_dir()]
    assert len(made) == 2, "what was indexed with this embedder is found again"


def test_judge_is_kept_apart_from_the_metrics_and_asked_once(assistant: Assistant, tmp_path: Path) -> None:
    asked = [question for question in load_questions() if question.id in ("dat-01", "out-01")]
    done = ask_all(assistant, asked, folder=tmp_path)
    metrics = report_of(done)["summary"]
    claims = len(done.rows[0].claims)
    replies = ["\n".join(f"{number} 是" for number in range(1, claims + 1)), "建成了多少个5G基站？"]
    judge = Choice("judge", FakeListChatModel(responses=replies))
    actions._judge(tmp_path, assistant, judge, quiet=True)
    actions._judge(tmp_path, assistant, judge, quiet=True)  # "out-01" was not answered: there is nothing to judge
    report = report_of(Run.read(tmp_path))
    assert report["judge"]["model"] == "judge" and report["judge"]["judged"] == 1
    assert report["judge"]["faithfulness"] == 1 and report["summary"] == metrics
    assert "模型裁判" in html.page(Run.read(tmp_path), report).text


def test_data_sets_are_listed_and_described(tmp_path: Path, youju: Callable[..., tuple[int, str, str]]) -> None:
    assert "cmrc2018" in youju("eval", "datasets")[1]
    assert {"name": "rgb", "from": "eval.datasets.rgb"} in json.loads(youju("eval", "datasets", "--json")[1])
    mine = tmp_path / "mine.csv"
    mine.write_text("问题,答案\n几座？,264座\n", "utf-8")
    assert "1 题" in youju("eval", "datasets", f"own:{mine}")[1]


# -- wrong use --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        (
            ["run", "--split", "train"],
            "没有“train”这一半；可以是 tune, test, all",
            "no split 'train'; known: tune, test",
        ),
        (["run", "--limit", "0"], "--limit 至少是 1", "--limit is at least 1"),
        (["run", "--set", "nowhere.jsonl"], "nowhere.jsonl", "nowhere.jsonl"),
        (["run", "--set", "squadron:x.json"], "已知的有：squad", "Unknown data set 'squadron'; known: squad"),
        (["run", "--set", "rgb"], "--set rgb:", "--set rgb:FILE"),
        (["run", "--option", "noise=1"], "--option", "--option"),
        (["run", "--fail-under", "beauty=1"], "没有名为“beauty”的指标；已知的有", "Unknown metric 'beauty'; known: "),
        (["run", "--fail-under", "fact_accuracy"], "应写成 名称=值", "must be written name=value"),
        (["run", "--fail-under", "fact_accuracy=nan"], "应写成 名称=值", "must be written name=value"),
        (["run", "--fail-on-regression", "nowhere"], "读不了基线 nowhere", "Cannot read the baseline nowhere"),
        (["run", "--judge", "extractive"], "不能做裁判", "cannot judge"),
        (["run", "--workers", "2", "--model", "extractive", "--limit", "1"], "--workers", "--workers"),
        (["run", "--model", "nonsense"], "未知的语言模型", "Unknown language model"),
        (["compare", "nowhere", "nowhere"], "读不了基线 nowhere", "Cannot read the baseline nowhere"),
        (["report", "nowhere"], "没有评测结果", "holds no evaluation run"),
        (["export", "nowhere"], "没有评测结果", "holds no evaluation run"),
        (["draft", "nowhere", "--model", "extractive", "--accept-all"], "需要语言模型", "needs a language model"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_told_in_both_languages_and_makes_nothing(
    arguments: list[str],
    zh: str,
    en: str,
    tmp_path: Path,
    youju: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for language, expected in (("zh", zh), ("en", en)):
        monkeypatch.setenv("YOUJU_LANGUAGE", language)
        code, _, errors = youju("eval", *arguments)
        assert code == 2 and expected in errors, errors
        if language == "en":
            assert not any("\u4e00" <= character <= "\u9fff" for character in errors), errors
    assert list(tmp_path.iterdir()) == []


def test_malformed_row_names_file_line_and_field(tmp_path: Path) -> None:
    row = json.loads(Path(actions.__file__).with_name("questions.jsonl").read_text("utf-8").split("\n")[0])
    mine = tmp_path / "mine.jsonl"
    mine.write_text(json.dumps(row) + "\n" + json.dumps({**row, "id": "x", "facts": "many"}), "utf-8")
    refused(
        *("eval", "run", "--set", mine),
        code=2,
        zh=f"{mine} 第 2 行，字段 facts：",
        en=f"{mine}, line 2, field facts: ",
    )


def test_index_that_is_not_there_or_lacks_the_documents_is_refused(tmp_path: Path) -> None:
    run = ("eval", "run", "--model", "extractive", "--out", tmp_path / "run")
    refused(*run, "--index", tmp_path / "none", code=1, zh="没有索引", en="There is no index")
    (tmp_path / "a.txt").write_text("今天天气很好，适合出门走走。", "utf-8")
    assert run_process("add", tmp_path / "a.txt", "--index", tmp_path / "index").code == 0
    refused(*run, "--index", tmp_path / "index", code=2, zh="不在这个索引里", en="lacks documents")
    assert not (tmp_path / "run").exists() and not (tmp_path / "none").exists()


def test_only_the_passages_of_the_questions_asked_are_indexed_unless_all_are_searched() -> None:
    whole = choose_questions(f"squad:{SQUAD}")
    first = choose_questions(f"squad:{SQUAD}", limit=1)
    assert whole.documents and first.documents and len(whole.documents) == 2
    assert [each.id for each in first.documents] == [each.id for each in first.passages[first.questions[0].id]]
    searched = choose_questions(f"squad:{SQUAD}", limit=1, options={"documents": "all"})
    assert searched.documents == whole.documents and not searched.passages


def test_limit_takes_from_the_whole_and_options_are_read() -> None:
    few = choose_questions(None, limit=12).questions
    assert len(few) == 12 and len({question.kind for question in few}) > 8
    assert choose_questions(None, split="tune").questions == tuple(q for q in load_questions() if q.split == "tune")
    assert parsed_options(["a=1", "b=0.5", "c=x=y"]) == {"a": 1, "b": 0.5, "c": "x=y"}
    with pytest.raises(UsageError):
        parsed_options(["=1"])
    with pytest.raises(UsageError, match="documents"):
        choose_questions(f"squad:{SQUAD}", options={"documents": "some"})
    assert set(METRICS) >= {"fact_accuracy", "rejection_rate"}


def test_dialogues_tell_how_follow_ups_are_understood(
    youju: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, output, _ = youju("eval", "dialogues", "--split", "tune", "--json")
    found = json.loads(output)
    assert code == 0 and found["follow_ups"] == 102 and found["complete"] == 66
    assert found["understood"] >= 0.55 and found["changed"] <= 0.05
    assert set(found["by_kind"]) >= {"subject", "pointing", "replaced", "narrowed", "small_talk"}
    code, output, _ = youju("eval", "dialogues", "--list")
    assert code == 0 and "replaced" in output


def test_dialogues_of_no_split_are_refused(youju: Callable[..., tuple[int, str, str]]) -> None:
    code, _, errors = youju("eval", "dialogues", "--split", "nonsense")
    assert code == 2 and "tune" in errors


def test_without_a_reader_no_follow_up_is_understood_and_none_is_changed() -> None:
    found = shares(heard(dialogues("tune"), None))
    assert found["understood"] < 0.1 and found["changed"] == 0
