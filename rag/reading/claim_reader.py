"""The reader of claims: what of a claim its evidence bears out, and which words it does not.

Its network has the form of the reader's (``rag.reading.model``) and weights of its own: what a stage of training wins for claims
it costs questions, and the reverse.
"""

from dataclasses import dataclass

from rag.reading.calibration import UNCALIBRATED, Calibration, clipped, probability
from rag.reading.differences import ByRules, differences, unfitted_comparing
from rag.reading.matching import Span, joined_spans
from rag.reading.network import UNSUPPORTED, Network
from rag.reading.tokens import PairTokenizer
from rag.reading.weighing import Weighing

LACKS = 0.5
"""The probability from which on a word counts as lacking support."""


@dataclass(frozen=True, slots=True)
class Support:
    """What of a claim its evidence bears out.

    Attributes:
        probability: that all of it is borne out.
        unsupported: the characters of the claim that are not.
    """

    probability: float
    unsupported: tuple[Span, ...]


VERBATIM = Support(1.0, ())
"""Of a claim that repeats its evidence word for word."""


class ClaimReader:
    """Reads claims with their evidence.

    Args:
        network: what runs the network.
        tokenizer: makes its rows.
        calibration: what the score of a claim is worth.
        comparing: the score of a claim, from its differences.
    """

    def __init__(
        self,
        network: Network,
        tokenizer: PairTokenizer,
        calibration: Calibration = UNCALIBRATED,
        comparing: Weighing | None = None,
    ) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.calibration = calibration
        self.comparing = comparing or unfitted_comparing()

    def support(self, claim: str, evidence: str, by_rules: ByRules) -> Support:
        """What of a claim its evidence bears out.

        Args:
            by_rules: what rules hold of the claim.
        """
        (pair,) = self.tokenizer.pairs(claim, [evidence])
        if not pair.first:
            return VERBATIM
        (logits,) = self.network.logits([pair])
        words = [pair.spans[place] for place in pair.first]
        lacking = [float(logit) for logit in logits[list(pair.first), UNSUPPORTED]]
        whole = float(logits[0, UNSUPPORTED])
        seen = differences(claim, evidence, list(zip(words, lacking, strict=True)), whole, by_rules)
        (score,) = self.comparing.scores(seen[None])
        supported = self.calibration.supported(float(score))
        likely = [probability(clipped(logit)) for logit in lacking]
        # What the claim as a whole lacks is laid to its likeliest words.
        lacks = [(1 - supported) * each / max(likely) for each in likely]
        return Support(supported, joined_spans(word for word, lack in zip(words, lacks, strict=True) if lack >= LACKS))
