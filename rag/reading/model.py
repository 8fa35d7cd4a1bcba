"""The network of the reader: the embedder's own encoder, tuned, under three heads.

A question or a claim is read together with a passage, in one pass::

    <s> question or claim </s></s> passage </s>

and each token is told how much of the other text holds it (:mod:`rag.reading.matching`).

- *answer* (SQuAD 2.0, Rajpurkar et al. 2018): start and end of the answer among the passage's tokens; the first token
  stands for "no answer here".
- *sentence* (Provence, Chirkova et al. 2025): for each token of the passage, whether it is of a sentence that bears on the
  question.
- *support* (LettuceDetect, Kovács and Recski 2025): for each token of the question or claim, whether the passage fails to
  bear it out; the first token stands for all of it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rag.reading.matching import KINDS
from rag.reading.network import END, HEADS, SENTENCE, START, UNSUPPORTED


@dataclass(frozen=True, slots=True)
class ReaderOutput:
    """Logits of a batch; each has shape (pairs, tokens).

    Attributes:
        start, end: where the answer begins and ends; of the first token: that there is none.
        sentence: whether a token of the passage is of a sentence that bears on the question.
        unsupported: whether a token of the question or claim lacks support; of the first token: whether any does.
    """

    start: Tensor
    end: Tensor
    sentence: Tensor
    unsupported: Tensor


class ReaderModel(nn.Module):
    """The encoder and its heads.

    Args:
        encoder: a ``transformers`` BERT without pooler.
        heads: how many there are.
    """

    def __init__(self, encoder: Any, heads: int = HEADS) -> None:
        super().__init__()
        self.encoder = encoder
        self.matches = nn.Embedding(KINDS, encoder.config.hidden_size)
        nn.init.zeros_(self.matches.weight)
        self.heads = nn.Linear(encoder.config.hidden_size, heads)

    def forward(self, token_ids: Tensor, attention: Tensor, matches: Tensor) -> Tensor:
        """Logits, float32 (pairs, tokens, heads).

        Args:
            token_ids, attention, matches: the tokens, the mask of those that count, and how much of the other text holds
                each; all (pairs, tokens).
        """
        vectors = self.encoder.embeddings.word_embeddings(token_ids) + self.matches(matches)
        states = self.encoder(inputs_embeds=vectors, attention_mask=attention).last_hidden_state
        with torch.autocast(states.device.type, enabled=False):
            logits: Tensor = self.heads(states.float())
        return logits


def split_heads(logits: Tensor) -> ReaderOutput:
    """The logits of each head."""
    return ReaderOutput(*(logits[..., head] for head in (START, END, SENTENCE, UNSUPPORTED)))


def load_encoder(folder: Path) -> Any:
    """The embedder's encoder, float32, from its sentence-transformers folder."""
    from transformers import BertModel

    return BertModel.from_pretrained(
        str(folder), add_pooling_layer=False, local_files_only=True, dtype=torch.float32, attn_implementation="sdpa"
    )
