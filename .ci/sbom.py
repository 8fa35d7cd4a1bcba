"""The bill of materials of a wheel, in CycloneDX, beside it: `make wheel`, or this file with the wheel's path.

cyclonedx-bom lists the locked packages that youju and its extras run with, and their hashes. Added to that: licences
(.ci/licences.py), what needs what, the wheel's own hash, and the models, each with the SHA-256 that is checked before it
is loaded. The same tree gives the same bytes, its time being that of the last commit (SOURCE_DATE_EPOCH).
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from licences import PROJECT, ROOT, closure, licence_of, locked, needs, runtime
from packaging.utils import canonicalize_name

sys.path.insert(0, str(ROOT))  # the models that this tree knows, whatever is installed


def main() -> None:
    """Writes the bill of materials of the wheel named on the command line."""
    wheel = Path(sys.argv[1])
    text = written(bill_of_materials(wheel))
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise SystemExit(f"the bill of materials is no valid CycloneDX: {error}")
    target = wheel.with_suffix(".cdx.json")
    target.write_text(text, encoding="utf-8")
    print(f"{target.name}: {text.count('bom-ref') - 1} components")


def written(bill: dict[str, Any]) -> str:
    """The bill of materials as its file holds it."""
    return json.dumps(bill, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def bill_of_materials(wheel: Path) -> dict[str, Any]:
    """The bill of materials as JSON has it."""
    users = runtime()
    bill = _listed(users)
    names = {component["name"]: component for component in bill["components"]}
    for name, component in names.items():
        component["bom-ref"] = component["purl"]
        component["description"] = metadata.metadata(name).get("Summary", "")
        component["licenses"] = [{"expression": licence_of(name).expression}]
        component["scope"] = "required" if users[name] == ["youju"] else "optional"
    root = bill["metadata"]["component"]
    root["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    models = list(_models())
    bill["components"] += models
    bill["dependencies"] = _dependencies(root["bom-ref"], {name: part["bom-ref"] for name, part in names.items()})
    bill["dependencies"][0]["dependsOn"] += [model["bom-ref"] for model in models]
    return bill


def _listed(names: dict[str, list[str]]) -> dict[str, Any]:
    """What cyclonedx-bom makes of those lines of the lock that hold these packages."""
    wanted = ""
    for name, (version, hashes) in locked().items():
        if name in names:
            wanted += " ".join([f"{name}=={version}", *(f"--hash=sha256:{sha256}" for sha256 in hashes)]) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "requirements.txt"), Path(folder, "bill.json")
        source.write_text(wanted, encoding="utf-8")
        options = [
            "--pyproject",
            str(ROOT / "pyproject.toml"),
            "--mc-type",
            "library",
            "--output-reproducible",
            "--no-validate",
        ]
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "cyclonedx_py",
            "requirements",
            *options,
            "--spec-version",
            "1.6",
        ]
        made = subprocess.run([*command, "--output-file", str(target), str(source)], capture_output=True, text=True)
        if made.returncode:
            raise SystemExit(made.stderr)
        return json.loads(target.read_text(encoding="utf-8"))


def _models() -> Iterator[dict[str, Any]]:
    from embeddings.e5 import E5_WEIGHTS
    from rag.language_models.weights import PUBLISHED

    for weights in (E5_WEIGHTS, *PUBLISHED.values()):
        yield {
            "type": "machine-learning-model",
            "bom-ref": f"model:{weights.name}",
            "name": weights.name,
            "description": f"{weights.file_name}, {weights.size} bytes, verified by its SHA-256 before it is loaded",
            "licenses": [{"expression": weights.licence}],
            "hashes": [{"alg": "SHA-256", "content": weights.sha256}],
            "scope": "optional",
        }


def _dependencies(root: str, references: dict[str, str]) -> list[dict[str, Any]]:
    project = PROJECT["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    direct = {
        canonicalize_name(re.split(r"[^\w.-]", one, maxsplit=1)[0]) for one in [*project["dependencies"], *extras]
    }
    asked_for = closure([*project["dependencies"], *extras])
    needed = {name: {canonicalize_name(one.name) for one in needs(name, asked_for[name])} for name in references}
    edges = {root: direct} | {references[name]: others for name, others in sorted(needed.items())}
    return [
        {"ref": reference, "dependsOn": sorted(references[other] for other in others if other in references)}
        for reference, others in edges.items()
    ]


if __name__ == "__main__":
    main()
