"""The same questions with other embedders: what is answered rightly must hang on them as little as can be.

    python benchmarks/embedders.py --write

Two embedders stand beside the one that ships: a sentence-transformers folder with its vectors turned into 160 numbers
by a principal component analysis (another dimension, and cosines from −0.3 to 0.8 in place of 0.7 to 0.95), and an
endpoint on this machine that gives the mean of a text's word vectors (another scale, and hardly any meaning).
"""

import argparse
import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import Table, add_output_options, cache, publish
from embeddings.e5 import decoded_folder
from eval.choosing import choose_questions, opened
from eval.running import run
from eval.verdicts import verdict

DIMENSIONS = 160
PASSAGES = 2000
SETS: dict[str, tuple[str | None, dict[str, str]]] = {
    "fields, first ten": ("genres:eval/fields/first", {}),
    "fields, second ten": ("genres:eval/fields/second", {}),
    "formats": ("formats:eval/formats", {}),
    "genres": ("genres:eval/genres", {"kinds": "-table,-label,-computed"}),
}
"""The sets that are asked, of each the part ``tune``, with their options; beside them our own set, whole."""
OWN = "our own"
NOTE = (
    "Questions dealt with rightly: answered with every fact, or met with silence where the documents do not answer. Extractive "
    "answers. Target: any embedder loses at most 0.03 of what the one that ships deals with rightly."
)


def components_folder() -> Path:
    """A sentence-transformers folder whose vectors are the embedded model's principal components; made if it is not there."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    folder = cache() / f"components-{DIMENSIONS}"
    if folder.exists():
        return folder
    model = SentenceTransformer(str(decoded_folder()), local_files_only=True)
    asked = choose_questions(SETS["formats"][0], "all")
    texts = [text for document in asked.documents or () for text in document.text.split("\n") if len(text) > 10]
    vectors = model.encode_document(list(dict.fromkeys(texts))[:PASSAGES], convert_to_numpy=True)
    mean = vectors.mean(axis=0)
    axes = np.linalg.svd(vectors - mean, full_matrices=False)[2][:DIMENSIONS]
    dense = modules.Dense(axes.shape[1], DIMENSIONS, activation_function=torch.nn.Identity())
    with torch.no_grad():
        dense.linear.weight.copy_(torch.from_numpy(axes))
        dense.linear.bias.copy_(torch.from_numpy(-axes @ mean))
    turned = SentenceTransformer(modules=[*model, dense, modules.Normalize()], prompts=model.prompts)
    turned.save(str(folder))
    return folder


@contextmanager
def word_vectors() -> Iterator[str]:
    """The setting of an endpoint on this machine: a text's vector is the mean of its word pieces' vectors, not of length one."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = decoded_folder()
    tokenizer = Tokenizer.from_file(str(next(folder.rglob("tokenizer.json"))))
    state = load_file(next(folder.rglob("*.safetensors")))
    words: NDArray[np.float32] = next(each for name, each in state.items() if name.endswith("word_embeddings.weight"))
    mean = words.mean(axis=0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
            encoded = tokenizer.encode_batch(asked, add_special_tokens=False)
            vectors = [3 * (words[each.ids or [0]] - mean).mean(axis=0) for each in encoded]
            data = [{"index": number, "embedding": vector.tolist()} for number, vector in enumerate(vectors)]
            body = json.dumps({"data": data}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 8391), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1#words"
    finally:
        server.shutdown()
        server.server_close()


def outcomes(embedder: str) -> dict[str, dict[str, int]]:
    """What became of the questions of each set with an embedder."""
    found = {}
    for name, (given, options) in {**SETS, OWN: (None, {})}.items():
        chosen = choose_questions(given, "all" if given is None else "tune", options=options)
        with opened(chosen, None, embedder=embedder, language_model="extractive") as assistant:
            rows = run(assistant, chosen.questions).rows
        found[name] = dict(Counter(verdict(row).outcome for row in rows))
        print(embedder, name, found[name], flush=True)
    return found


def table(measured: dict[str, dict[str, dict[str, int]]]) -> Table:
    """One row for each embedder; the last column is what it loses."""
    shares = {}
    rows = []
    for name, sets in measured.items():
        shares[name] = sum(each.get("right", 0) for each in sets.values()) / sum(
            sum(each.values()) for each in sets.values()
        )
        lost = next(iter(shares.values())) - shares[name]
        told = [f"{each.get('right', 0)} of {sum(each.values())}" for each in sets.values()]
        rows.append([name, *told, f"{shares[name]:.3f}", f"{lost:.3f}" if rows else ""])
    return Table(["embedder", *next(iter(measured.values())), "all", "loses"], rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Asks every set with every embedder and publishes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_output_options(parser)
    options = parser.parse_args(arguments)
    measured = {"multilingual-e5-small, what ships": outcomes("default")}
    measured[f"its {DIMENSIONS} principal components"] = outcomes(str(components_folder()))
    with word_vectors() as setting:
        measured["mean of word vectors, an endpoint"] = outcomes(setting)
    publish("embedders", options, measured, [table(measured), NOTE])


if __name__ == "__main__":
    main()
