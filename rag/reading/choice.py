"""Which reader reads: the one that ships, one from a folder, or none."""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.errors import WeightsError
from rag.errors import UsageError
from rag.questions.follow_ups import Leans
from rag.reading.adapters import CLAIMS_FILE_NAME, FILE_NAME, apply, content_of, read
from rag.reading.claim_reader import ClaimReader
from rag.reading.differences import unfitted_comparing
from rag.reading.labels import LabelWeights
from rag.reading.network import HEADS
from rag.reading.reader import Reader
from rag.reading.weighing import CLAIMS, SENTENCES, Weighing, unfitted

if TYPE_CHECKING:
    from rag.reading.adapters import Kept
    from rag.reading.network import DeferredNetwork, Network

DEFAULT, NONE = "default", "none"
SHIPPED = Path(__file__).with_name("weights")
"""The folder of the weights that ship; ``MODEL_CARD.md`` in it tells how they were made and what they are good for."""
SHA256 = "2ffbeadb69f2289a5ebf453db6828f000a7cb36a4e84e767bdd3f0c3ddface43"
"""Of the file of those weights."""
CLAIMS_SHA256 = "1dcd37648ec50c32f1045a460fdb935269c6a168c562ef9995837167de5ba8b8"
"""Of the file of the weights that judge claims."""
FOLLOW_UPS = "follow_ups.safetensors"
FOLLOW_UPS_SHA256 = "6239ab1b757ef52c0d9b2f5aba38329d2bdcd2b207c13a76075ed2bb589177df"
"""The weights of what reads follow-ups, which are the same beside any reader, and their SHA-256."""
logger = logging.getLogger(__name__)
_CHOICES: dict[str, "ReaderChoice"] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class ReaderChoice:
    """A reader, or none.

    Attributes:
        reader: what reads questions; None where words alone decide.
        claim_reader: what reads claims; None where words alone decide.
        leans: tells how a question leans on the one before it; None where questions are taken as they are typed.
        notice: why what ships does not read, in Chinese and English; None where it does or was not asked to.
        name: ``default``, or the folder it is from; empty for none.
        sha256: of its weights.
        claims_sha256: of the weights for claims.
    """

    reader: Reader | None = None
    claim_reader: ClaimReader | None = None
    leans: Leans | None = None
    notice: tuple[str, str] | None = None
    name: str = ""
    sha256: str = ""
    claims_sha256: str = ""

    @property
    def for_evidence(self) -> Reader | None:
        """The reader, if it is good enough to choose evidence and to decide silence; else rules do."""
        return self.reader if self.reader and self.reader.calibration.chooses_evidence else None

    @property
    def for_claims(self) -> ClaimReader | None:
        """The reader of claims, if it is good enough; else rules judge them."""
        return self.claim_reader if self.claim_reader and self.claim_reader.calibration.checks_claims else None


def choose_reader(setting: str) -> ReaderChoice:
    """The reader of a setting, loaded once a process.

    Where the weights that ship are damaged, words decide as with ``none``, and the choice says so.

    Args:
        setting: ``default``, ``none``, or a folder with ``reader.safetensors`` and, for claims, ``claims.safetensors``. What reads follow-ups is the same with all.

    Raises:
        UsageError: the folder holds no reader.
    """
    setting = setting or NONE
    with _LOCK:
        if setting not in _CHOICES:
            if setting == NONE:
                leans, notice = _leaning()
                _CHOICES[setting] = ReaderChoice(leans=leans, notice=notice)
            else:
                _CHOICES[setting] = _shipped() if setting == DEFAULT else _named(setting)
        return _CHOICES[setting]


def _shipped() -> ReaderChoice:
    try:
        found = _read(SHIPPED, SHA256, CLAIMS_SHA256)
    except WeightsError as error:
        logger.warning("the reader's weights are not used: %s", error.en)
        return ReaderChoice(
            notice=(
                f"阅读器没有打开，由字词规则代替：{error.zh}。",
                f"The reader was not opened, rules over words stand in for it: {error.en}.",
            )
        )
    leans, notice = _leaning()
    return replace(found, leans=leans, notice=notice, name=DEFAULT)


def _named(setting: str) -> ReaderChoice:
    try:
        found = _read(Path(setting).expanduser())
        for each in (found.reader, found.claim_reader):
            assert each is not None
            each.network.logits([])  # makes the network, so that weights of another are refused now
    except WeightsError as error:
        raise UsageError(
            zh=f"打不开阅读器“{setting}”：{error.zh}。YOUJU_READER 应是含 {FILE_NAME} 的文件夹，或 default、none。",
            en=f"The reader '{setting}' cannot be opened: {error.en}. YOUJU_READER must be a folder with {FILE_NAME}, "
            "or default, or none.",
        ) from error
    leans, notice = _leaning()
    return replace(found, leans=leans, notice=notice, name=setting)


def _read(folder: Path, sha256: str = "", claims_sha256: str = "") -> ReaderChoice:
    """What reads questions and claims with the weights of a folder; networks are made when they are first used.

    Where the folder holds no weights for claims, those of the reader judge them too.

    Raises:
        WeightsError: it holds no weights, or others than those of ``sha256`` and ``claims_sha256``; or, when first used, not
            those of a reader.
    """
    from embeddings.e5 import decoded_folder
    from rag.reading.network import RememberingNetwork
    from rag.reading.tokens import PairTokenizer

    file, claims_file = folder / FILE_NAME, folder / CLAIMS_FILE_NAME
    tokenizer = PairTokenizer(decoded_folder())
    kept, calibration = read(file, sha256)
    network = RememberingNetwork(_network(lambda: kept, file, HEADS))
    with _told_of(file):
        weighing = Weighing.from_tensors(kept, SENTENCES, unfitted())
        labels = LabelWeights.from_tensors(kept)
    reader = Reader(network, tokenizer, calibration, weighing, labels)
    if not claims_sha256 and not claims_file.exists():
        claims_file, of_claims = file, kept
    else:
        of_claims, calibration = read(claims_file, claims_sha256)
        network = RememberingNetwork(_network(lambda: of_claims, claims_file, HEADS))
    with _told_of(claims_file):
        comparing = Weighing.from_tensors(of_claims, CLAIMS, unfitted_comparing())
    return ReaderChoice(
        reader,
        ClaimReader(network, tokenizer, calibration, comparing),
        sha256=sha256 or hashlib.sha256(file.read_bytes()).hexdigest(),
        claims_sha256=claims_sha256 or hashlib.sha256(claims_file.read_bytes()).hexdigest(),
    )


@contextmanager
def _told_of(file: Path) -> Iterator[None]:
    """Tells what is wrong with the numbers of a file.

    Raises:
        WeightsError: a ValueError was raised within.
    """
    try:
        yield
    except ValueError as error:
        raise WeightsError(
            f"{file} 不能用（{error}）。请运行 training.calibrate，或换一个文件",
            f"{file} is of no use ({error}). Run training.calibrate, or use another file",
        ) from error


def _leaning() -> tuple[Leans | None, tuple[str, str] | None]:
    """What reads follow-ups, whose network is made when it is first used; or why it does not, in Chinese and English."""
    from embeddings.e5 import decoded_folder
    from rag.reading import leaning
    from rag.reading.tokens import PairTokenizer

    file = SHIPPED / FOLLOW_UPS
    try:
        content_of(file, FOLLOW_UPS_SHA256)  # not put together before it is needed
    except WeightsError as error:
        logger.warning("the weights for follow-ups are not used: %s", error.en)
        return None, (
            f"读追问的部分没有打开，追问照原话查找：{error.zh}。",
            f"What reads follow-ups was not opened, they are looked up as typed: {error.en}.",
        )
    network = _network(lambda: read(file, FOLLOW_UPS_SHA256)[0], file, leaning.HEADS)
    return leaning.LeaningReader(network, PairTokenizer(decoded_folder())), None


def _network(kept: "Callable[[], Kept]", file: Path, heads: int) -> "DeferredNetwork":
    """The embedder's encoder with what training added, made when it is first used.

    Args:
        kept: gives what training added, of that file.
        heads: how many the network has.
    """
    from embeddings.e5 import decoded_folder
    from rag.reading.network import DeferredNetwork, EncoderNetwork

    encoder = decoded_folder()

    def make() -> "Network":
        from embeddings.encoder import RuntimeMissingError

        try:
            return EncoderNetwork(encoder, kept(), heads, str(file))
        except RuntimeMissingError as error:
            logger.warning("onnxruntime does not run here, torch runs %s instead: %s", file.name, error)
            return _in_torch(encoder, kept(), heads, str(file))

    return DeferredNetwork(make)


def _in_torch(encoder: Path, kept: "Kept", heads: int, where: str) -> "Network":
    from rag.reading.model import ReaderModel, load_encoder
    from rag.reading.torch_network import TorchNetwork

    model = ReaderModel(load_encoder(encoder), heads)
    apply(kept, model, where)
    return TorchNetwork(model)
