"""Writes the weights that ship: ``python -m training.export reader.pt rag/reading/weights/reader.safetensors --rank 48``."""

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file

from embeddings.e5 import decoded_folder
from rag.reading.adapters import added_by_training, factored
from rag.reading.model import ReaderModel, load_encoder

RANK = 48


def main() -> None:
    """Reads what was trained, keeps what training added, and tells its size and SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rank", type=int, default=RANK)
    options = parser.parse_args()
    trained = torch.load(options.trained, weights_only=True)
    added = added_by_training(trained, ReaderModel(load_encoder(decoded_folder())))
    options.file.parent.mkdir(parents=True, exist_ok=True)
    save_file(factored(added, options.rank), options.file)
    content = options.file.read_bytes()
    print(options.file, f"{len(content) / 1e6:.1f} MB", hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
