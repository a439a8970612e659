"""RL environment packages: folders that a framework runs, over `toolweave serve --samples`.

`client.py` and the files `*.py.txt` are what a package holds; the modules beside them write it.
"""
