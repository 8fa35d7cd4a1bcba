"""The reader of claims: what of a claim its evidence bears out, and which words it does not.

Its network has the form of the reader's (``rag.reading.model``) and weights of its own: what a stage of training wins for claims
it costs questions, and the reverse.
"""

from dataclasses import dataclass, replace

from rag.reading.calibration import UNCALIBRATED, Calibration, clipped, logit_of, probability
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
        doubts: where its words stand in the claim, and how doubtful each is beside the most doubtful, from 0 to 1.
    """

    probability: float
    doubts: tuple[tuple[Span, float], ...] = ()

    @property
    def unsupported(self) -> tuple[Span, ...]:
        """The characters of the claim that are not borne out: what it lacks as a whole is laid to its likeliest words."""
        return joined_spans(word for word, doubt in self.doubts if (1 - self.probability) * doubt >= LACKS)

    def shifted(self, logit: float) -> "Support":
        """The same with something added to the logit of its probability."""
        return replace(self, probability=probability(logit_of(self.probability) + logit)) if logit else self


VERBATIM = Support(1.0)
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
        likely = [probability(clipped(logit)) for logit in lacking]
        doubts = tuple((word, each / max(likely)) for word, each in zip(words, likely, strict=True))
        return Support(self.calibration.supported(float(score)), doubts)
