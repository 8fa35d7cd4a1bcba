"""Claims about documents kept apart, beside what the product cites for them: which differences make a claim wrong.

The wrong ones are of two kinds: those that are wrong by a word or so, and those that are true of something else
(:mod:`training.elsewhere_pairs`).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.checking.agreement import in_figures_of_sources
from rag.checking.citations import attribute
from rag.checking.verification import verify
from rag.reading.claim_reader import ClaimReader
from rag.reading.differences import ByRules, differences
from rag.reading.evidence import Evidence, EvidenceSelector
from rag.reading.network import UNSUPPORTED
from rag.reading.passages import cited_passage
from rag.reading.weighing import FARTHEST, Weighing, linear_weighing
from rag.text.documents import Document
from training import pairs

INVERSE_DECAY = 0.3
WRITTEN = ("written right", "written wrong")
"""How claims are made that authors wrote."""
FOLDS = 5
KEPT = ("written-claims-kept.jsonl.gz", "claims-kept.jsonl.gz", "elsewhere-kept.jsonl.gz")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim about a document kept apart, beside what the product cites for it.

    Attributes:
        seen: its differences, shape (features,); None where it repeats what it cites word for word.
        is_wrong: whether it says what its document does not.
        is_flagged_by_rules: whether rules and vectors alone hold it to be wrong.
        passage: what it was made of.
        made: how it was made.
    """

    seen: NDArray[np.float32] | None
    is_wrong: bool
    is_flagged_by_rules: bool
    passage: str
    made: str


def claims_of_kept(reader: ClaimReader, selector: EvidenceSelector, work: Path, most: int) -> list[Claimed]:
    """Claims about the documents kept apart, the public sets' too.

    Args:
        most: how many, taken evenly.
    """
    said, cited, by_rules, tokens = [], [], [], {}
    every = list(chain(*(pairs.read(work / name) for name in KEPT)))
    every = every[:: max(1, round(len(every) / most))]
    for number, pair in enumerate(every):
        document = Document(text=pair.passage, path="passage.txt", title="")
        evidence = [Evidence(document, sentence, (), 0.0, None, 0.0) for sentence in selector.structure(document)]
        citations = tuple(attribute(pair.first, evidence, iter(()), selector.vectors))
        by_rules.append(verify(pair.first, citations, selector.vectors))
        said.append(in_figures_of_sources(pair.first, citations).text)
        cited.append(cited_passage(citations, selector.structure, said[-1]))
        if said[-1].strip() not in cited[-1]:
            (tokens[number],) = reader.tokenizer.pairs(said[-1], [cited[-1]])
    logits = dict(zip(tokens, reader.network.logits(list(tokens.values())), strict=True))
    found = []
    for number, (pair, checks, claim, passage) in enumerate(zip(every, by_rules, said, cited, strict=True)):
        seen = None
        if number in tokens:
            of_tokens = logits[number][:, UNSUPPORTED]
            words = [tokens[number].spans[place] for place in tokens[number].first]
            lacking = list(zip(words, of_tokens[list(tokens[number].first)].tolist(), strict=True))
            by_rule = ByRules(len(checks.missing_facts), checks.support)
            seen = differences(claim, passage, lacking, float(of_tokens[0]), by_rule)
        is_flagged = not (checks.exists and checks.facts_agree and checks.supports)
        is_wrong = bool(pair.unsupported or pair.some_unsupported)
        found.append(Claimed(seen, is_wrong, is_flagged, pair.passage, pair.made))
    return found


def weights_of(every: Sequence[Claimed]) -> NDArray[np.float64]:
    """How much each claim counts, shape (claims,): those written by authors together as much as the many made by construction."""
    written = np.array([each.made in WRITTEN for each in every])
    count = max(1, written.sum())
    return np.where(written, (len(every) - written.sum()) / count, 1.0)


def fitted(every: Sequence[Claimed]) -> Weighing:
    """What gives the logit that something of a claim is not borne out: a sum of its differences.

    A network of hidden units does better on such claims as it is fitted on, and worse on those of other authors and documents
    (docs/notebook.md).
    """
    from sklearn.linear_model import LogisticRegression

    read = [each for each in every if each.seen is not None]
    seen = np.stack([each.seen for each in read if each.seen is not None])
    origin, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    model = LogisticRegression(C=INVERSE_DECAY, max_iter=3000)
    model.fit((seen - origin) / scale, [each.is_wrong for each in read], sample_weight=weights_of(read))
    return linear_weighing(origin, scale, model.coef_[0], model.intercept_[0])


def held_out(every: Sequence[Claimed]) -> list[float]:
    """The score of each claim by a network that saw nothing of its document; of what is quoted, the lowest there is."""
    folds = [hashlib.sha256(each.passage[-40:].encode()).digest()[0] % FOLDS for each in every]
    found = [-FARTHEST] * len(every)
    for fold in range(FOLDS):
        network = fitted([each for each, own in zip(every, folds, strict=True) if own != fold])
        for number, each in enumerate(every):
            if folds[number] == fold and each.seen is not None:
                found[number] = float(network.scores(each.seen[None])[0])
    return found
