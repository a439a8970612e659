"""What a newcomer installs: locks, the wheel, the set-up script and the servers of the default `mcp.json`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from toolweave.servers.config import load_mcp_config

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
ROOMS = ("servers", "graph", "agent", "pipeline")
SOURCES = (*ROOMS, "pyproject.toml", "README.md", "LICENSE")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.+?))? \\$")


def pins(lock: Path) -> dict[tuple[str, str], str]:
    """Versions by package and marker."""
    found = (_PIN.match(line) for line in lock.read_text("utf-8").splitlines())
    return {(match[1].lower(), match[3] or ""): match[2] for match in found if match}


def run(
    argv: Iterable[str | Path], cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in argv], cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_pinned_names_and_hashes_and_nothing_else(lock: Path) -> None:
    lines = lock.read_text("utf-8").splitlines()
    strangers = [
        line for line in lines if not _PIN.match(line) and not re.match(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$", line)
    ]
    assert (strangers, len(pins(lock)) > 0) == ([], True)


def test_no_lock_names_a_host() -> None:
    files = [*LOCKS, *(ROOT / "requirements" / "node").iterdir()]
    assert [file.name for file in files if "://" in file.read_text("utf-8")] == []


def test_the_checks_run_on_the_versions_that_users_get() -> None:
    users, checks = (pins(ROOT / "requirements" / name) for name in ("run.txt", "dev.txt"))
    assert {key: checks.get(key) for key in users} == users


@pytest.mark.parametrize(("lock", "extras"), [("run.txt", ["servers"]), ("dev.txt", ["servers", "dev"])])
def test_a_lock_has_everything_that_the_project_asks_for(lock: str, extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *(name for extra in extras for name in project["optional-dependencies"][extra])]
    locked = {name: pinned for (name, _), pinned in pins(ROOT / "requirements" / lock).items()}
    requirements = [Requirement(text) for text in asked]
    assert [str(item) for item in requirements if locked.get(item.name.lower(), "0") not in item.specifier] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if int(version("setuptools").split(".")[0]) < 77:
        pytest.skip("the environment was not made by `make test`: its setuptools is too old to build a wheel")
    tree, out = tmp_path_factory.mktemp("a tree"), tmp_path_factory.mktemp("wheels")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, tree / name)
    argv: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        out,
        tree,
    ]
    built = run(argv, tree)
    assert built.returncode == 0, built.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_puts_only_toolweave_into_site_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"toolweave", f"toolweave-{version('toolweave')}.dist-info"}


def test_the_wheel_holds_every_module_and_every_text_of_the_four_rooms(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("toolweave/")}
    suffixes = (".py", ".md", ".typed", ".js", ".css", ".html")
    files = [
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix in suffixes or path.name == "py.typed"
    ]
    assert {f"toolweave/{path.relative_to(ROOT).as_posix()}" for path in files} - packed == set()


def test_an_installed_wheel_brings_the_toolweave_command(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    argv: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        place,
        wheel,
    ]
    done = run(argv, tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (place / "bin").iterdir()) == ["toolweave"]


def set_up(tmp_path: Path) -> Path:
    """A copy of what the set-up script needs, in a folder with a space in its name."""
    tree = tmp_path / "a checkout"
    for folder in ("setup", "requirements"):
        shutil.copytree(ROOT / folder, tree / folder)
    shutil.copyfile(ROOT / "pyproject.toml", tree / "pyproject.toml")
    return tree / "setup" / "install.py"


def test_the_set_up_refuses_an_environment_that_it_does_not_know(tmp_path: Path) -> None:
    done = run([sys.executable, set_up(tmp_path), "legcay"], tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "setup: say which of run, dev, legacy, unseen, audit, node, browser to install\n",
    )


def test_servers_that_cannot_be_installed_are_named_and_set_up_goes_on(tmp_path: Path) -> None:
    done = run([sys.executable, set_up(tmp_path), "node"], tmp_path, env={"PATH": str(tmp_path)})
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == (
        "setup: node: its servers are left out, everything else goes on: there is no npm on PATH"
    )


def test_what_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    script = set_up(tmp_path)
    place = script.parent.parent / ".servers" / "node"
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexit 0\n", "utf-8")
    npm.chmod(0o755)
    outputs = [run([sys.executable, script, "node"], tmp_path, env={"PATH": f"{tmp_path}:/bin"}).stderr for _ in "12"]
    assert (place.is_dir(), outputs) == (
        True,
        ["setup: installing node into .servers/node ...\nsetup: node is ready\n", ""],
    )


def test_the_default_mcp_json_has_worlds_and_at_least_four_servers_of_others() -> None:
    specs = load_mcp_config(ROOT / "mcp.json").servers
    worlds = [spec for spec in specs if any(arg.startswith("toolweave.servers.worlds.") for arg in spec.args)]
    assert (len(worlds) >= 6, len(specs) - len(worlds) >= 4) == (True, True)


def test_every_bundled_world_is_in_the_default_mcp_json() -> None:
    bundled = {
        f"toolweave.servers.worlds.{path.parent.name}" for path in (ROOT / "servers" / "worlds").glob("*/__main__.py")
    }
    listed = {arg for spec in load_mcp_config(ROOT / "mcp.json").servers for arg in spec.args}
    assert bundled - listed == set()


def test_the_example_of_unseen_servers_is_a_valid_mcp_json() -> None:
    defaults, unseen = (
        {spec.name for spec in load_mcp_config(ROOT / name).servers}
        for name in ("mcp.json", "examples/unseen.mcp.json")
    )
    assert (len(unseen) >= 2, defaults & unseen) == (True, set())
