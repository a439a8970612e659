"""Installs the environments that `make` asks for, each once until its lock file, its Python or its place changes.

    python setup/install.py run dev legacy unseen audit node browser

Needs a bare Python 3.11 with `venv` and the package index that pip is set up for; `node` needs npm. `run` and `dev` are
Toolweave itself and must succeed. The others hold third-party servers, and the browser that tests of the viewer drive:
one that cannot be installed is named in one line, and everything else goes on without it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
FETCHED_BROWSER = ROOT / ".servers" / "browser"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
"""Names on PATH of a browser that tests can drive."""


class InstallError(Exception):
    """A command of the set-up failed; the text is its last lines."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A folder that holds what one lock file names."""

    name: str
    folder: str
    lock: str
    needed: bool = False
    """Whether nothing works without it."""
    without: str = "its servers are left out"
    """What happens when it cannot be installed."""

    @property
    def place(self) -> Path:
        """Where it is installed."""
        return ROOT / self.folder

    @property
    def stamp(self) -> Path:
        """The file that says what was installed; it is written last."""
        return self.place / f"installed-{self.name}.stamp"

    def wanted(self) -> str:
        """What the stamp reads when nothing is left to do."""
        files = [LOCKS / self.lock, *([ROOT / "pyproject.toml"] if self.needed else [])]
        digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
        return f"{digest}\n{_identity(self.place)}\n"


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment("run", ".venv", "run.txt", needed=True),
        Environment("dev", ".venv", "dev.txt", needed=True),
        Environment("legacy", ".servers/legacy", "legacy.txt"),
        Environment("unseen", ".servers/unseen", "unseen.txt"),
        Environment("audit", ".servers/audit", "audit.txt", without="nothing is audited"),
        Environment("node", ".servers/node", "node/package-lock.json"),
        Environment("browser", ".venv", "dev.txt", without="tests in a browser are skipped"),
    )
}


def main(names: Sequence[str]) -> int:
    """Install the named environments, folders side by side. The exit code is 0 unless a needed one fails."""
    unknown = [name for name in names if name not in ENVIRONMENTS]
    if unknown or not names:
        sys.stderr.write(f"setup: say which of {', '.join(ENVIRONMENTS)} to install\n")
        return 2
    groups: dict[str, list[Environment]] = {}
    for name in names:
        groups.setdefault(ENVIRONMENTS[name].folder, []).append(ENVIRONMENTS[name])
    with ThreadPoolExecutor() as pool:
        return 0 if all(list(pool.map(_install_group, groups.values()))) else 1


def _install_group(environments: list[Environment]) -> bool:
    """Whether all went well; environments that share a folder are installed one after the other."""
    return all(_install(environment) for environment in environments)


def _install(environment: Environment) -> bool:
    """Whether the run may go on."""
    if environment.stamp.is_file() and environment.stamp.read_text("utf-8") == environment.wanted():
        return True
    try:
        _say(f"installing {environment.name} into {environment.folder} ...")
        INSTALLERS.get(environment.name, _install_python)(environment)
        environment.stamp.write_text(environment.wanted(), "utf-8")
    except (InstallError, OSError) as error:
        _report(environment, error)
        return not environment.needed
    _say(f"{environment.name} is ready")
    return True


def _report(environment: Environment, error: Exception) -> None:
    if environment.needed:
        _say(f"{environment.name} cannot be installed:\n{error}")
        return
    reason = str(error).strip().splitlines() or [type(error).__name__]
    _say(f"{environment.name}: {environment.without}, everything else goes on: {reason[-1]}")


def _install_python(environment: Environment) -> None:
    python = environment.place / "bin" / "python"
    if _is_stale(environment.place) or not python.exists():
        _run([sys.executable, "-m", "venv", "--clear", str(environment.place)])
    (environment.place / "identity").write_text(_identity(environment.place), "utf-8")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    _run([*pip, "--require-hashes", "--requirement", str(LOCKS / environment.lock)])
    if environment.needed:
        _run([*pip, "--no-build-isolation", "--editable", str(ROOT)])


def _install_node(environment: Environment) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise InstallError("there is no npm on PATH")
    environment.place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCKS / "node" / name, environment.place / name)
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(environment.place)])


def _install_browser(environment: Environment) -> None:
    """A Chromium: the one on PATH, the system's when we may install it, or the one that Playwright fetches."""
    if any(map(shutil.which, BROWSERS)):
        return
    if os.geteuid() == 0 and shutil.which("apt-get") and _install_system_browser():
        return
    os.environ["PLAYWRIGHT_BROWSERS_PATH"] = str(FETCHED_BROWSER)
    _run([str(environment.place / "bin" / "python"), "-m", "playwright", "install", "--only-shell", "chromium"])


def _install_system_browser() -> bool:
    """Whether the system's packages have a Chromium; on some it is a name without a browser."""
    try:
        _run(["apt-get", "update", "--quiet"])
        _run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium"])
    except InstallError:
        return False
    return any(map(shutil.which, BROWSERS))


def _is_stale(place: Path) -> bool:
    """Whether an environment was made by another Python or was moved: its scripts would start the wrong interpreter."""
    identity = place / "identity"
    return identity.is_file() and identity.read_text("utf-8") != _identity(place)


def _identity(place: Path) -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor} {place}"


def _run(argv: Sequence[str]) -> None:
    done = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()
        raise InstallError("\n".join(lines[-12:]) or f"{argv[0]} ended with code {done.returncode}")


INSTALLERS = {"node": _install_node, "browser": _install_browser}


def _say(text: str) -> None:
    sys.stderr.write(f"setup: {text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
