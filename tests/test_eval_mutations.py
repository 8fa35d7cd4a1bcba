"""The mutation check: every kind of mutation is made, wrong claims are caught, right ones left alone; the command."""

import json
import random
from datetime import date

import pytest
from agreement_texts import NEWS, OF_SEEDS
from texts import SEEDS
from youju_process import run as run_process

from eval.mutation_check import Outcome, Share, measure, of_documents, passes
from eval.mutations import KINDS, Mutation, Sample, mutations, words_of
from rag.answers import Citation
from rag.text.documents import Document


def news() -> list[Sample]:
    samples = []
    for number, (text, day, paraphrases) in enumerate(NEWS):
        document = Document(text, f"news{number}", "标题", date.fromisoformat(day))
        citations = (Citation(document, 0, len(text), text),)
        samples += [Sample(claim, citations, "run") for claim in (text, *paraphrases)]
    return samples


def of_seeds() -> list[Sample]:
    samples = []
    for name, quote, paraphrases in OF_SEEDS:
        start = SEEDS[name].text.index(quote)
        citations = (Citation(SEEDS[name], start, start + len(quote), quote),)
        samples += [Sample(claim, citations, "run") for claim in paraphrases]
    return samples


@pytest.mark.parametrize(
    "samples", [news(), of_seeds(), of_documents(SEEDS.values())], ids=["news", "seeds", "sentences"]
)
def test_rules_catch_other_figures_and_dates_and_leave_right_claims_alone(samples: list[Sample]) -> None:
    outcome = measure(samples)
    assert outcome.all_caught.total > 600
    for kind in ("digit", "year", "unit"):
        share = outcome.caught[kind]
        assert share.count / share.total >= 0.985, (kind, outcome.missed)
    assert outcome.all_flagged.count == 0, outcome.alarms


def test_each_kind_of_mutation_is_made_and_none_is_the_claim() -> None:
    text = "工信部部长金壮龙表示，2023年我国5G用户首次突破6亿户，增长20%，绝不能停步，力争明年达到7亿户。"
    document = Document(text, "a", "标题", date(2023, 6, 1), speakers=("金壮龙",))
    other = Document("2024年，辛国斌介绍，财政部等部门。", "b", "标题", speakers=("辛国斌",))
    sample = Sample("\u2060" + text, (Citation(document, 0, len(text), text),), "gold")
    made = list(mutations(sample, words_of([document, other]), random.Random(1)))
    assert {mutation.kind for mutation in made} == set(KINDS)
    assert len({mutation.claim for mutation in made}) == len(made)
    assert all(mutation.claim != sample.claim for mutation in made)
    assert list(mutations(sample, words_of([document, other]), random.Random(1))) == made


def test_a_share_has_an_interval_that_holds_it() -> None:
    interval = Share(99, 100).interval
    assert interval is not None
    assert (round(interval.low, 4), interval.value, round(interval.high, 4)) == (0.9455, 0.99, 0.9982)
    assert Share(0, 0).interval is None


def test_one_bad_kind_is_enough_to_fail() -> None:
    outcome = Outcome(
        {"digit": Share(100, 100), "name": Share(9, 10)}, {"gold": Share(1, 100)}, (Mutation("name", "x"),), ()
    )
    assert passes(outcome, 0.9, 0.01)
    assert not passes(outcome, 0.99, None)
    assert not passes(outcome, None, 0.005)
    assert passes(outcome, None, None)


def test_the_command_reports_and_fails_when_too_little_is_caught() -> None:
    done = run_process("eval", "mutations", "--json", "--fail-over", "0.02")
    assert done.code == 0, done
    report = json.loads(done.output)
    assert report["caught"]["all"]["total"] > 1000
    assert report["flagged"]["gold"]["count"] == 0
    assert report["caught"]["sister"]["total"] > 300
    assert run_process("eval", "mutations", "--fail-under", "1.01").code == 1


def test_a_split_that_is_none_is_refused() -> None:
    done = run_process("eval", "mutations", "--split", "train")
    assert (done.code, done.output) == (2, "")
    assert "train" in done.errors
