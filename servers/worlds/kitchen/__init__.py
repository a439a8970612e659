"""A catering kitchen: recipes, ingredients, stock lots, suppliers, purchase orders, events and their preparation.

Every tool answers in prose or in a small text table. The kitchen's date is fixed.
"""

from __future__ import annotations

from toolweave.servers.worlds.kitchen.counter import Kitchen, build

__all__ = ["Kitchen", "build"]
