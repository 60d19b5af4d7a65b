"""Build the real Collector, Jaeger, Prometheus and Loki from their Go modules into the user's cache.

Each directory beside this file that has a go.mod is one binary, or a few from one module; go.sum pins every byte of
their sources. The first run takes about a quarter of an hour on two cores, a later one well under a second.

    python3 build.py                # build what is missing; without Go, say so and succeed
    python3 build.py --require      # without Go, fail (so it is with CI=true)
    python3 build.py --print-bin    # where the binaries are, or will be
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w")
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
LOG_TAIL_LINES = 30


class BuildError(Exception):
    """A build failed; the message holds the end of its log."""


class GoMissingError(Exception):
    """There is no Go here that can build these modules."""


@dataclass(frozen=True)
class Module:
    """One Go module: the binaries that it yields, as `name -> package`."""

    name: str
    binaries: dict[str, str]
    minutes: float
    tags: tuple[str, ...] = ()
    generated_by: str | None = None  # the module whose tool writes the main package from builder.yaml

    @property
    def key(self) -> str:
        """Hash of all that decides what comes out: sources, flags and platform."""
        digest = hashlib.sha256()
        for value in (*FLAGS, *self.tags, *self.binaries.values(), platform.system(), platform.machine()):
            digest.update(value.encode() + b"\0")
        for directory in (self.name, self.generated_by):
            for name in ("go.mod", "go.sum", "builder.yaml"):
                path = HERE / (directory or "") / name
                digest.update(path.read_bytes() if path.exists() else b"")
        return digest.hexdigest()[:16]

    @property
    def directory(self) -> Path:
        """Where its binaries are once they are built."""
        return cache_root() / f"{self.name}-{self.key}"


MODULES = (
    Module("compose", {"compose-spec": "github.com/compose-spec/compose-go/v2/cmd"}, 0.2),
    Module(
        "prometheus",
        {
            "prometheus": "github.com/prometheus/prometheus/cmd/prometheus",
            "promtool": "github.com/prometheus/prometheus/cmd/promtool",
        },
        2,
        tags=("remove_all_sd",),  # the cloud SDKs of service discovery take five minutes and nobody here needs them
    ),
    Module("builder", {"builder": "go.opentelemetry.io/collector/cmd/builder"}, 0.2),
    Module("collector", {"otelcol": "."}, 4, generated_by="builder"),
    Module("jaeger", {"jaeger": "github.com/jaegertracing/jaeger/cmd/jaeger"}, 4),
    Module("loki", {"loki": "github.com/grafana/loki/v3/cmd/loki"}, 5),
)


def cache_root() -> Path:
    """Return the directory under which everything that is built is kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "otel-ml" / "backends"


def bin_directory() -> Path:
    """Return the one directory that holds links to all binaries of this very set of modules."""
    digest = hashlib.sha256("".join(module.key for module in MODULES).encode())
    return cache_root() / digest.hexdigest()[:16] / "bin"


def build_all() -> Path:
    """Build what is missing, one module after another (the machine is busy enough with one).

    Returns:
        The directory with all binaries.

    Raises:
        GoMissingError: There is no Go, or it is too old and may not fetch a newer one.
        BuildError: A module does not build.
    """
    target = bin_directory()
    if target.exists():
        return target
    with _only_one_builder():
        missing = [module for module in MODULES if not module.directory.exists()]
        if missing:
            _check_go()
            minutes = round(sum(module.minutes for module in missing))
            say(f"building {', '.join(m.name for m in missing)} (about {max(minutes, 1)} min on two cores, this once)")
        for module in missing:
            _build(module)
        if not target.exists():
            _link_binaries(target)
    return target


def say(message: str) -> None:
    """Print what goes on, at once."""
    print(f"==> backends: {message}", flush=True)


@contextlib.contextmanager
def _only_one_builder() -> Iterator[None]:
    """Hold the cache's lock; a second run waits and then finds everything built."""
    cache_root().mkdir(parents=True, exist_ok=True)
    with (cache_root() / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is building; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check_go() -> None:
    """Raise GoMissingError unless `go` is there and satisfies the `go` line of every go.mod."""
    if shutil.which("go") is None:
        raise GoMissingError("Go is not installed")
    for module in MODULES:
        result = subprocess.run(
            ["go", "list", "-m"],
            cwd=HERE / module.name,
            env=os.environ | ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=600,  # it may fetch a newer toolchain
            check=False,
        )
        if "requires go >=" in result.stderr:
            raise GoMissingError(f"this Go is too old: {result.stderr.strip().splitlines()[-1]}")


def _build(module: Module) -> None:
    log_path = cache_root() / "logs" / f"{module.name}-{module.key}.log"
    log_path.parent.mkdir(exist_ok=True)
    say(f"{module.name} …")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f".{module.name}-", dir=cache_root()) as scratch, log_path.open("w") as log:
        sources, out = Path(scratch, "src"), Path(scratch, "out")
        out.mkdir()
        shutil.copytree(HERE / module.name, sources)
        try:
            if module.generated_by:
                _generate_sources(module, sources, log.fileno())
            tags = [f"-tags={','.join(module.tags)}"] if module.tags else []
            for binary, package in module.binaries.items():
                _run(["go", "build", *FLAGS, *tags, "-o", str(out / binary), package], sources, log.fileno())
        except subprocess.CalledProcessError as error:
            tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
            raise BuildError(f"{module.name} does not build; the end of {log_path}:\n{tail}") from error
        out.rename(module.directory)  # atomic: a run that is killed leaves nothing that looks complete
    say(f"{module.name} built in {time.monotonic() - started:.0f} s")


def _generate_sources(module: Module, sources: Path, log: int) -> None:
    """Let the Collector's builder write the main package, then put the pinned go.mod back in place."""
    tool = next(other for other in MODULES if other.name == module.generated_by)
    command = [str(tool.directory / "builder"), "--skip-compilation", "--skip-get-modules", "--config", "builder.yaml"]
    _run(command, sources, log)
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(HERE / module.name / name, sources / name)


def _run(command: Sequence[str], directory: Path, log: int) -> None:
    subprocess.run(command, cwd=directory, env=os.environ | ENVIRONMENT, stdout=log, stderr=log, check=True)


def _link_binaries(target: Path) -> None:
    staging = target.with_name("bin.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for module in MODULES:
        for binary in module.binaries:
            (staging / binary).symlink_to(module.directory / binary)
    staging.rename(target)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--require", action="store_true", help="fail where there is no Go (the default with CI=true)")
    parser.add_argument("--print-bin", action="store_true", help="print where the binaries are, and build nothing")
    options = parser.parse_args(arguments)
    if options.print_bin:
        print(bin_directory())
        return 0
    try:
        say(f"ready in {build_all()}")
    except GoMissingError as error:
        required = options.require or os.environ.get("CI") == "true"
        say(f"{'error: ' if required else ''}{error}; tests that need the real backends cannot run")
        return 1 if required else 0
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
