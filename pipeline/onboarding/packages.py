"""Servers from PyPI and npm, installed once into a folder of their own beside `mcp.json`.

Not run through `uvx` or `npx`: a server is started for every trajectory, which must need no registry and no second that
a finished folder spares, and has to be the same version every time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import anyio
import anyio.to_thread

from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import as_object

FOLDER = ".servers"
"""Where packages are installed, beside `mcp.json`."""
PATIENCE = 600.0
"""Seconds for an installation."""
_PYPI = re.compile(r"([A-Za-z0-9][\w.-]*)(\[[\w,. -]+\])?((?:[=<>!~]=?=?[\w.*]+,?)*)")
_NPM = re.compile(r"((?:@[\w.~-]+/)?[\w.~-]+)(?:@([\w.^~<>=-]+))?")
_LOOK = """
import importlib.metadata as metadata, json, sys
found = metadata.distribution(sys.argv[1])
scripts = sorted({point.name for point in found.entry_points if point.group == "console_scripts"})
modules = sorted({str(file).split("/")[0] for file in found.files or [] if str(file).endswith("/__main__.py")})
files = [str(found.locate_file(file)) for file in found.files or [] if str(file).endswith(".py")]
print(json.dumps({"version": found.version, "scripts": scripts, "modules": modules, "files": files}))
"""
_ASKED_FOR = re.compile(
    r"""(?:process\.env(?:\.|\[\s*['"])|environ(?:\.get\(|\[)\s*['"]|getenv\(\s*['"])([A-Z][A-Z0-9_]+)"""
)
_OF_PLACES = frozenset("PATH FILE DIR DIRECTORY FOLDER DB DATABASE STORE STORAGE ROOT".split())
_OF_THE_SYSTEM = re.compile(r"(?:XDG|NODE|PYTHON|NPM|UV|VIRTUAL|CONDA|SSL|PLAYWRIGHT)_|.*_PROXY")
_MOST_READ = 400
"""Files of a package that are looked through."""


@dataclass(frozen=True, slots=True)
class Package:
    """What is to be installed, and where."""

    registry: str
    """`pypi` or `npm`."""
    name: str
    wanted: str
    """As the installer takes it: with extras and version, where they were given."""
    target: Path
    """The folder of its own."""

    @property
    def short(self) -> str:
        """A name for the server: the package's, without the words that all such packages have."""
        plain = re.sub(r"^.*/", "", self.name).lower()
        words = [word for word in re.split(r"[-_.]", plain) if word not in ("mcp", "server", "mcpserver")]
        return "-".join(words) or plain


@dataclass(frozen=True, slots=True)
class Installed:
    """What came of it."""

    reference: str
    """Registry, name and version, as `toolweave servers add` takes them again."""
    command: str
    """Relative to the folder of `mcp.json`."""
    args: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """Variables by which its code asks where files are to be kept."""


def package_of(reference: str, folder: Path) -> Package | None:
    """What `pypi:NAME`, `pypi:NAME==VERSION`, `npm:NAME` or `npm:NAME@VERSION` names; `None` for everything else.

    Raises:
        ConfigError: The name is none.
    """
    registry, colon, wanted = reference.partition(":")
    if not colon or registry not in ("pypi", "npm"):
        return None
    match = (_PYPI if registry == "pypi" else _NPM).fullmatch(wanted)
    if match is None:
        example = "pypi:mcp-server-time==2026.10.19" if registry == "pypi" else "npm:@scope/server@1.2.0"
        raise ConfigError(f"{reference!r}: write it like {example}")
    slug = re.sub(r"[^a-z0-9]+", "-", match[1].lower()).strip("-")
    return Package(registry, match[1], wanted, folder / FOLDER / f"{registry}-{slug}")


async def install(package: Package, beside: Sequence[str] = (), program: str | None = None) -> Installed:
    """Install a package, or what is missing of it.

    Args:
        package: What and where.
        beside: Further requirements, such as `mcp<2`, that it does not name itself.
        program: Which of its programs is the server, where it has several.

    Raises:
        ConfigError: It cannot be installed, or has no such program.
    """
    await anyio.Path(package.target).mkdir(parents=True, exist_ok=True)
    if package.registry == "pypi":
        return await _from_pypi(package, beside, program)
    return await _from_npm(package, beside, program)


async def _from_pypi(package: Package, beside: Sequence[str], program: str | None) -> Installed:
    python = package.target / "bin" / "python"
    wanted = [package.wanted, *beside]
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    made = uv is not None and await _runs(
        [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(package.target)],
        [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *wanted],
    )
    if not made:  # no uv, or one that is set up for another registry than pip
        await _run([sys.executable, "-m", "venv", str(package.target)], package)
        await _run([str(python), "-m", "pip", "install", "--quiet", *wanted], package)
    facts = as_object(json.loads(await _run([str(python), "-c", _LOOK, package.name], package)))
    reference = f"pypi:{package.name}=={facts['version']}"
    folder = f"{FOLDER}/{package.target.name}/bin"
    places = await anyio.to_thread.run_sync(_places, [Path(file) for file in facts["files"]])
    if not facts["scripts"] and facts["modules"] and program is None:
        return Installed(reference, f"{folder}/python", ("-m", facts["modules"][0]), places)
    return Installed(reference, f"{folder}/{_chosen(facts['scripts'], package, program)}", places=places)


async def _from_npm(package: Package, beside: Sequence[str], program: str | None) -> Installed:
    npm = shutil.which("npm")
    if npm is None:
        raise ConfigError(f"npm:{package.name}: npm was not found; install Node.js (nodejs.org)")
    flags = ["--no-audit", "--no-fund", "--loglevel=error"]
    await _run([npm, "install", "--prefix", str(package.target), *flags, package.wanted, *beside], package)
    modules = package.target / "node_modules"
    facts = as_object(json.loads(await anyio.Path(modules / package.name / "package.json").read_text("utf-8")))
    bins: Any = facts.get("bin")
    names = list(as_object(bins)) if not isinstance(bins, str) else [package.name.rpartition("/")[2]]
    command = f"{FOLDER}/{package.target.name}/node_modules/.bin/{_chosen(names, package, program)}"
    places = await anyio.to_thread.run_sync(lambda: _places(_own_scripts(modules / package.name)))
    return Installed(f"npm:{package.name}@{facts.get('version')}", command, places=places)


def _own_scripts(folder: Path) -> list[Path]:
    """What a package runs, without what it depends on."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in (".js", ".mjs", ".cjs"))
    return [path for path in found if "node_modules" not in path.relative_to(folder).parts]


def _places(files: Sequence[Path]) -> tuple[str, ...]:
    """Variables that the code reads and that are called after a place for files."""
    texts = (file.read_text("utf-8", "replace") for file in files[:_MOST_READ] if file.is_file())
    names = sorted({name for text in texts for name in _ASKED_FOR.findall(text)})
    return tuple(name for name in names if "_" in name and _is_place(name))


def _is_place(name: str) -> bool:
    return bool(_OF_PLACES & set(name.split("_"))) and not _OF_THE_SYSTEM.match(name)


def _chosen(programs: list[str], package: Package, program: str | None) -> str:
    """The program that is the server: the one that was asked for, the only one, or the one named most like it."""
    if program is not None and program not in programs:
        raise ConfigError(f"{package.name} has no program {program!r}; it has {', '.join(programs) or 'none'}")
    if not programs:
        raise ConfigError(f"{package.name} was installed, but has no program to start; give the command after --")
    own = package.name.rpartition("/")[2].lower().replace("_", "-")
    ranked = sorted(programs, key=lambda name: (name.lower().replace("_", "-") != own, "mcp" not in name.lower()))
    return program or ranked[0]


async def _runs(*steps: Sequence[str]) -> bool:
    """Whether all of these commands end well."""
    for argv in steps:
        done = await _finished(argv)
        if done is None or done.returncode:
            return False
    return True


async def _run(argv: Sequence[str], package: Package) -> str:
    """What a command prints.

    Raises:
        ConfigError: It failed; its last words are in the text.
    """
    done = await _finished(argv)
    if done is None:
        raise ConfigError(f"{package.registry}:{package.wanted} was not installed within {PATIENCE:g} seconds")
    if not done.returncode:
        return done.stdout.decode("utf-8", "replace")
    lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"(?i)error|npm err", line)] or lines
    words = " | ".join(telling[-2:])[:400]
    raise ConfigError(f"{package.registry}:{package.wanted} cannot be installed: {words or 'it does not say why'}")


async def _finished(argv: Sequence[str]) -> CompletedProcess[bytes] | None:
    with anyio.move_on_after(PATIENCE):
        return await anyio.run_process(list(argv), check=False)
    return None
