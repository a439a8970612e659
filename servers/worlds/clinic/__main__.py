"""Serve the veterinary practice over stdio."""

from __future__ import annotations

from toolweave.servers.world import serve
from toolweave.servers.worlds.clinic import build

if __name__ == "__main__":
    serve(build)
