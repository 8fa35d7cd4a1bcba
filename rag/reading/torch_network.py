"""The reader's network in torch: where onnxruntime does not run, and in training.

What it says is the reference for :class:`rag.reading.network.EncoderNetwork`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.reading.network import Logits

if TYPE_CHECKING:
    from torch import Tensor

    from rag.reading.model import ReaderModel
    from rag.reading.tokens import PairTokens


class TorchNetwork:
    """The network in torch: in bfloat16 where the processor multiplies that itself, else in float32.

    In eight bits (dynamic quantization) it read in three quarters of the time, and knew less; in bfloat16 it knows the same
    (``docs/notebook.md``).

    Args:
        model: in evaluation mode.
        tokens_at_once: tokens of a batch with what fills its rows.
        in_half: whether in bfloat16; None for what the processor is built for.
    """

    def __init__(self, model: "ReaderModel", tokens_at_once: int = 4096, *, in_half: bool | None = None) -> None:
        self.tokens_at_once = tokens_at_once
        self.in_half = multiplies_half() if in_half is None else in_half
        self.model = (_with_matrices_in_half(model) if self.in_half else model).eval()

    def logits(self, pairs: "Sequence[PairTokens]") -> list[Logits]:
        """As the protocol says."""
        import torch

        found: dict[int, Logits] = {}
        for group in groups([len(pair.ids) for pair in pairs], self.tokens_at_once):
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.in_half):
                made = self.model(*padded([pairs[number] for number in group])).numpy()
            for place, number in enumerate(group):
                found[number] = made[place, : len(pairs[number].ids)]
        return [found[number] for number in range(len(pairs))]


def multiplies_half() -> bool:
    """Whether the processor multiplies bfloat16 itself; where it does not, torch is far slower so than in float32."""
    import torch

    able: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # older releases do not tell
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _with_matrices_in_half(model: "ReaderModel") -> "ReaderModel":
    """The model with the encoder's matrices in bfloat16; what is added up and normed stays in float32."""
    import torch

    for module in model.encoder.modules():
        if isinstance(module, torch.nn.Linear):
            module.to(torch.bfloat16)
    return model


def padded(pairs: "Sequence[PairTokens]") -> "tuple[Tensor, Tensor, Tensor]":
    """Pairs of texts as the model takes them: their tokens, which of these count, and their matches; each (pairs, tokens)."""
    import torch

    shape = (len(pairs), max(len(pair.ids) for pair in pairs))
    token_ids, attention, matches = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    for row, pair in enumerate(pairs):
        length = len(pair.ids)
        token_ids[row, :length] = torch.tensor(pair.ids)
        attention[row, :length] = 1
        matches[row, :length] = torch.tensor(pair.matches)
    return token_ids, attention, matches


def groups(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Rows in groups of like length, none of which takes more than ``most`` tokens, unless it is a single row."""
    found: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if found and lengths[found[-1][0]] * (len(found[-1]) + 1) <= most:
            found[-1].append(number)
        else:
            found.append([number])
    return found
