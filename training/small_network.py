"""Small networks, fitted to what the reader found on documents kept apart (:class:`rag.reading.weighing.Weighing`)."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rag.reading.weighing import Weighing

NETWORKS, RATE = 3, 0.01
"""How many networks, begun differently, are put beside each other; their learning rate."""


def fitted_network(
    seen: NDArray[np.float32], loss_of: Callable[[Tensor], Tensor], units: int, steps: int, decay: float
) -> Weighing:
    """Networks of one layer of hidden units that make a loss small, put beside each other.

    Args:
        seen: what they see, shape (rows, features).
        loss_of: of the scores of all rows, shape (rows,).
        units, steps, decay: hidden units of each network, steps of its training, and decay of its weights.
    """
    origin, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    inputs = torch.tensor((seen - origin) / scale)
    hidden, constants, outputs, biases = [], [], [], []
    for seed in range(NETWORKS):
        torch.manual_seed(seed)
        first, last = torch.nn.Linear(inputs.shape[1], units), torch.nn.Linear(units, 1)
        optimizer = torch.optim.AdamW([*first.parameters(), *last.parameters()], lr=RATE, weight_decay=decay)
        for _ in range(steps):
            loss = loss_of(last(torch.tanh(first(inputs)))[:, 0])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        hidden.append(first.weight.T.detach())
        constants.append(first.bias.detach())
        outputs.append(last.weight[0].detach() / NETWORKS)
        biases.append(last.bias.detach() / NETWORKS)
    tensors = (torch.cat(hidden, dim=1), torch.cat(constants), torch.cat(outputs), torch.stack(biases).sum(dim=0))
    parts = (part.numpy().astype(np.float32) for part in tensors)
    return Weighing(origin.astype(np.float32), scale.astype(np.float32), *parts)
