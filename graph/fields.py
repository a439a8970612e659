"""Fields of real outputs: patterns, concrete places, and prose read as key-value pairs.

A *pattern* names a kind of place in a decoded output: `items[].sku`, `owner.name`, `[]` (items of a top-level list),
`{key}` (the keys of an open object), and the empty pattern for a scalar output. A *place* is one concrete JSON
pointer (RFC 6901) such as `/items/0/sku`.
"""

from __future__ import annotations
