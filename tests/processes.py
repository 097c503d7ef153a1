"""The scripts in processes of their own, forked from one that has imported what takes long."""

import os
import runpy
import socket
import sys
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

from lightning.pytorch.utilities import rank_zero_only

ROOT = Path(__file__).parents[1]
START = "forkserver"
SERVER = ForkServerContext()
SERVER.set_forkserver_preload(["trompe.evaluate", "trompe.train"])


def run(script: str, *arguments: str, ranks: int = 1, ends: int = 0) -> None:
    """Run a script to its end, by more ranks at once if a cluster is to have started it."""
    cluster = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    with TemporaryDirectory() as folder:
        started = []
        for rank in range(ranks):
            own = cluster | {"LOCAL_RANK": str(rank)} if ranks > 1 else {}
            log = f"{folder}/{rank}.txt"
            process = SERVER.Process(target=_main, args=(script, arguments, own, log))
            process.start()
            started.append((process, Path(log)))
        try:
            for process, log_file in started:
                process.join()
                assert process.exitcode == ends, log_file.read_text()
        finally:
            # one that waits for another that has failed
            for process, _ in started:
                process.kill()


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _main(script: str, arguments: tuple[str, ...], environment: dict[str, str], log: str) -> None:
    os.environ |= {"PYTHONPATH": "tests", "OMP_NUM_THREADS": "1"} | environment
    os.chdir(ROOT)
    # Lightning asked for it when it was imported
    rank_zero_only.rank = int(environment.get("LOCAL_RANK", 0))  # type: ignore[attr-defined]
    with open(log, "w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.argv = [script, *arguments]
    runpy.run_path(script, run_name="__main__")
