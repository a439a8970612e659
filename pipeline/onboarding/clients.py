"""Where other MCP clients keep their servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolweave.servers.interpolation import Variables


@dataclass(frozen=True, slots=True)
class ClientFile:
    """One file of a client that may list servers."""

    client: str
    path: Path
    workspace: Path
    """What `${workspaceFolder}` means in it, and what its relative paths are relative to."""
    named: bool = False
    """Whether the user has named it, so that it has to be readable."""


def client_of(path: Path) -> ClientFile:
    """A file that the user names: which client it is of does not matter, where it lies does."""
    return ClientFile(str(path), path, Variables.for_file(path, {}).folder, named=True)


def client_files(project: Path, home: Path, environ: Mapping[str, str], platform: str) -> list[ClientFile]:
    """The files that are there, those of the project before those of the user.

    Args:
        project: The folder in which `toolweave` was called.
        home: The user's own folder.
        environ: For `APPDATA` and `XDG_CONFIG_HOME`.
        platform: As `sys.platform`.
    """
    return [file for file in _known(project, home, _settings_folder(home, environ, platform)) if file.path.is_file()]


def _settings_folder(home: Path, environ: Mapping[str, str], platform: str) -> Path:
    if platform == "darwin":
        return home / "Library" / "Application Support"
    if platform == "win32":
        return Path(environ.get("APPDATA", home / "AppData" / "Roaming"))
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config")


def _known(project: Path, home: Path, settings: Path) -> Iterator[ClientFile]:
    yield ClientFile("VS Code, this folder", project / ".vscode" / "mcp.json", project)
    yield ClientFile("VS Code, this folder", project / ".vscode" / "settings.json", project)
    yield ClientFile("Cursor, this folder", project / ".cursor" / "mcp.json", project)
    yield ClientFile("Claude Code, this folder", project / ".mcp.json", project)
    for name in ("Code", "Code - Insiders", "VSCodium"):
        yield ClientFile(f"VS Code ({name})", settings / name / "User" / "mcp.json", home)
        yield ClientFile(f"VS Code ({name})", settings / name / "User" / "settings.json", home)
    yield ClientFile("Cursor", home / ".cursor" / "mcp.json", home)
    yield ClientFile("Claude Desktop", settings / "Claude" / "claude_desktop_config.json", home)
    yield ClientFile("Claude Code", home / ".claude.json", home)
    yield ClientFile("Windsurf", home / ".codeium" / "windsurf" / "mcp_config.json", home)
