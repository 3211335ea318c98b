"""The assistant as a program: its environment, its training, its command line."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from core.settings import ROOT
from service.environments import ASSISTANT, STAMP
from service.processes import Child, StartFailed

INPUTS = (
    "config.yml",
    "bot/__init__.py",
    "bot/components",
    "bot/domain",
    "bot/rules",
    "intents",
    "language",
    "requirements/assistant.txt",
)
MODELS_KEPT = 2
# The assistant is told nothing of these: it sees a turn's text and opaque ids.
WITHHELD = ("DATABASE_URL", "HOTLINE_SECRET_KEY", "HOTLINE_DATABASE_PASSWORD")


def inputs_digest(root: Path = ROOT) -> str:
    """20 hex digits that change when anything changes that a model is made from."""
    total = hashlib.sha256()
    for name in INPUTS:
        path = root / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(root).as_posix()}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:20]


def model_path(data_dir: Path) -> Path:
    """Where the model of the present inputs lies, or will lie."""
    return data_dir / "models" / f"{inputs_digest()}.tar.gz"


async def train(data_dir: Path) -> Path:
    """Train a model from the present inputs and put it in place as a whole; returns its path.

    Older models are removed, but for the latest one. Raises StartFailed.
    """
    check_environment()
    model = model_path(data_dir)
    model.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    logs = data_dir / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    fresh = model.parent / f".{model.stem.removesuffix('.tar')}-{os.getpid()}.tar.gz"
    for leftover in model.parent.glob(".*.tar.gz"):
        leftover.unlink()
    try:
        await train_with(Path("config.yml"), fresh, data_dir)
        fresh.replace(model)
    finally:
        fresh.unlink(missing_ok=True)
    models = sorted(model.parent.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
    for old in models[:-MODELS_KEPT]:
        old.unlink()
    return model


async def train_with(config: Path, model: Path, data_dir: Path) -> None:
    """Train ``model`` from the present examples by the pipeline of ``config``. Raises StartFailed."""
    training = Child(
        name="训练助手",
        command=[
            *(*_rasa(), "train", "--config", str(config), "--domain", "bot/domain"),
            *("--data", "intents", "bot/rules", "--out", str(model.parent)),
            *("--fixed-model-name", model.name),
        ],
        log=data_dir / "logs" / "training.log",
        environment=environment(data_dir, {}),
        cwd=ROOT,
    )
    await training.run_to_end()
    if not await asyncio.to_thread(model.exists):
        raise StartFailed("训练助手没有得到模型", f"见 {training.log}")


def assistant(model: Path, port: int, data_dir: Path, variables: Mapping[str, str]) -> Child:
    """The assistant on loopback, serving ``model``."""
    return Child(
        name="助手",
        command=[
            *(*_rasa(), "run", "--model", str(model), "--endpoints", "bot/endpoints.yml"),
            *("--credentials", "bot/credentials.yml"),
            *("--interface", "127.0.0.1", "--port", str(port)),
        ],
        log=data_dir / "logs" / "assistant.log",
        environment=environment(data_dir, variables),
        cwd=ROOT,
    )


def environment(data_dir: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The assistant's environment variables: quiet, one thread a library, nothing it need not know.

    Its temporary folder is its own: Jieba's cache in the shared one belongs to whoever came first.
    """
    kept = {name: value for name, value in os.environ.items() if name not in WITHHELD}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        "RASA_TELEMETRY_ENABLED": "false",
        # Its cache does not notice a change in a module that a component imports.
        "RASA_MAX_CACHE_SIZE": "0",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TMPDIR": str(data_dir / "tmp"),
        "MPLCONFIGDIR": str(data_dir / "tmp"),
        "NO_PROXY": "127.0.0.1,localhost",
        **variables,
    }


def check_environment() -> None:
    """Raises StartFailed unless the assistant's environment has been finished."""
    if not (ASSISTANT / STAMP).exists():
        raise StartFailed("助手的环境还没有建立，请先运行 make setup")


def _rasa() -> list[str]:
    return [str(ASSISTANT / "bin" / "python"), "-m", "rasa"]
