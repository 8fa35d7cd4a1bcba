"""What the processor offers: the instructions that xllamacpp's wheel needs, and how many cores to use."""

import platform
from pathlib import Path

from embeddings.threads import cores

CPU_INFORMATION = Path("/proc/cpuinfo")
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")

REQUIRED_INSTRUCTIONS = ("avx2", "fma", "f16c", "bmi2")
"""The x86-64 wheel is one fixed build; without these an illegal instruction would end the process."""

MOST_THREADS = 8
"""Writing is bound by memory, so more threads than this bring nothing but waiting at barriers."""


def missing_instructions(information: Path = CPU_INFORMATION) -> tuple[str, ...]:
    """Instructions that xllamacpp needs and this processor lacks; empty where that cannot be known.

    Only Linux on x86-64 tells (``/proc/cpuinfo``); wheels for other machines are other builds.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return ()
    for line in _lines(information):
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            present = set(value.split())
            return tuple(flag for flag in REQUIRED_INSTRUCTIONS if flag not in present)
    return ()


def threads(information: Path = CPU_INFORMATION, quota: Path = CPU_QUOTA) -> int:
    """Threads for llama.cpp: physical cores this process may use, at least 1 and at most ``MOST_THREADS``.

    Hyper-threads share the vector units, and OpenMP waits for the slowest thread, so neither they nor cores beyond a
    container's quota are counted.
    """
    limits = [cores(), MOST_THREADS]
    if physical := _physical_cores(information):
        limits.append(physical)
    limit, _, period = next(iter(_lines(quota)), "max").partition(" ")
    if limit.isdigit() and period.isdigit() and int(period):
        limits.append(int(limit) // int(period))
    return max(1, min(limits))


def _physical_cores(information: Path) -> int:
    """Distinct pairs of socket and core; 0 where they are not listed."""
    cores = set()
    socket = ""
    for line in _lines(information):
        name, _, value = line.partition(":")
        if name.strip() == "physical id":
            socket = value
        elif name.strip() == "core id":
            cores.add((socket, value))
    return len(cores)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
