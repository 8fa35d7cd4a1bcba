"""Which reader reads: one from a folder, or none."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import WeightsError
from rag.errors import UsageError
from rag.reading.adapters import FILE_NAME, apply, read
from rag.reading.reader import Reader
from rag.reading.weighing import Weighing

NONE = "none"
_CHOICES: dict[str, "ReaderChoice"] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class ReaderChoice:
    """A reader, or none.

    Attributes:
        reader: what reads; None where words alone decide.
        name: the folder it is from; empty for none.
        sha256: of its weights.
    """

    reader: Reader | None = None
    name: str = ""
    sha256: str = ""

    @property
    def for_claims(self) -> Reader | None:
        """The reader, if it is good enough to judge claims; else rules judge them."""
        return self.reader if self.reader and self.reader.calibration.checks_claims else None


def choose_reader(setting: str) -> ReaderChoice:
    """The reader of a setting, loaded once a process.

    Args:
        setting: ``none``, or a folder with ``reader.safetensors``.

    Raises:
        UsageError: the folder holds no reader.
    """
    if setting in ("", NONE):
        return ReaderChoice()
    folder = Path(setting).expanduser()
    try:
        with _LOCK:
            if str(folder) not in _CHOICES:
                _CHOICES[str(folder)] = _load(folder)
            return _CHOICES[str(folder)]
    except WeightsError as error:
        raise UsageError(
            zh=f"打不开阅读器“{setting}”：{error.zh}。YOUJU_READER 应是含 {FILE_NAME} 的文件夹，或 none。",
            en=f"The reader '{setting}' cannot be opened: {error.en}. YOUJU_READER must be a folder with {FILE_NAME}, or none.",
        ) from error


def _load(folder: Path) -> ReaderChoice:
    from embeddings.e5 import decoded_folder
    from rag.reading.model import ReaderModel, load_encoder
    from rag.reading.network import TorchNetwork, in_eight_bits
    from rag.reading.tokens import PairTokenizer

    file = folder / FILE_NAME
    kept, calibration = read(file)
    encoder = decoded_folder()
    model = ReaderModel(load_encoder(encoder))
    apply(kept, model, str(file))
    tokenizer = PairTokenizer(encoder / "tokenizer.json")
    try:
        weighing = Weighing.from_tensors(kept)
    except ValueError as error:
        raise WeightsError(
            f"{file} 不能用（{error}）。请运行 training.calibrate，或换一个文件",
            f"{file} is of no use ({error}). Run training.calibrate, or use another file",
        ) from error
    reader = Reader(TorchNetwork(in_eight_bits(model)), tokenizer, calibration, weighing)
    return ReaderChoice(reader, str(folder), hashlib.sha256(file.read_bytes()).hexdigest())
