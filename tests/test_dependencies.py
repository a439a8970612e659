"""What the project is made of fits together, may be used, and is what the locks say; advisories: `make audit`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from toolweave.servers.json_values import as_list

ROOT = Path(__file__).resolve().parent.parent
PERMISSIVE = frozenset("MIT MIT-0 MIT-CMU BSD BSD-2-Clause BSD-3-Clause Apache-2.0 ISC PSF-2.0".split())
"""Licences whose terms are met by naming their authors: nobody who uses the data owes anybody anything."""
_OLD_WORDS = {
    "mit license": "MIT",
    "bsd license": "BSD",
    "apache software license": "Apache-2.0",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
}
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)
AUDITED = re.search(r"^audit:.*?(?=^\S)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE | re.DOTALL)


def pinned(lock: str) -> Iterator[tuple[str, str]]:
    """Names and versions that a lock asks for on this machine."""
    for name, version, marker in _PIN.findall((ROOT / "requirements" / lock).read_text("utf-8")):
        if not marker or Marker(marker).evaluate():
            yield canonicalize_name(name), version


RUN = sorted(pinned("run.txt"))


def licences(facts: dict[str, Any]) -> list[set[str]]:
    """The licences that a package may be used under: one of each set."""
    words = str(facts.get("license_expression") or facts.get("license") or "")
    if not words or len(words) > 60:
        classified = [str(line) for line in as_list(facts.get("classifier")) if "License ::" in str(line)]
        words = " OR ".join(line.rpartition(":: ")[2] for line in classified)
    parts = words.strip("()").split(" AND ")
    return [{_OLD_WORDS.get(one.lower(), one) for one in part.split(" OR ")} for part in parts]


@pytest.mark.parametrize(("name", "version"), RUN, ids=[name for name, _ in RUN])
def test_what_users_get_is_what_the_lock_says_under_a_permissive_licence(name: str, version: str) -> None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        pytest.fail(f"{name} is in requirements/run.txt, and is not installed")
    assert found.version == version
    offered = licences(found.metadata.json)
    assert all(either & PERMISSIVE for either in offered), offered


@pytest.mark.parametrize("words", ["GPL-3.0-only", "MIT AND GPL-2.0", "", "Proprietary"])
def test_another_licence_would_be_found(words: str) -> None:
    assert not all(either & PERMISSIVE for either in licences({"license_expression": words}))


def test_all_that_is_installed_fits_together() -> None:
    command = [sys.executable, "-m", "pip", "check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "No broken requirements found.")


def test_every_node_package_is_locked_by_its_digest() -> None:
    packages = json.loads((ROOT / "requirements" / "node" / "package-lock.json").read_text("utf-8"))["packages"]
    installed = {name: facts for name, facts in packages.items() if name}
    assert installed
    assert [name for name, facts in installed.items() if not str(facts.get("integrity")).startswith("sha512-")] == []


def test_the_audit_looks_at_every_lock_and_passes_nothing_over() -> None:
    assert AUDITED is not None
    recipe = AUDITED[0]
    locks = {path.stem for path in (ROOT / "requirements").glob("*.txt")}
    assert set(re.findall(r"for lock in ([\w ]+);", recipe)[0].split()) == locks
    assert "--strict" in recipe and "exit 1" in recipe and "npm audit" in recipe
