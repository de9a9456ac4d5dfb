"""Run notebooks as a test: ``python tools/notebook.py FILE..``. Nothing is stored; an error in a cell ends it with exit code 1.

Fails, too, if a notebook has stored outputs.
"""

import sys
import time
from pathlib import Path

import nbclient
import nbformat


def main():
    for path in map(Path, sys.argv[1:]):
        notebook = nbformat.read(path, as_version=4)
        if any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells):
            sys.exit(f"{path} has stored outputs; clear them")
        began = time.perf_counter()
        nbclient.NotebookClient(notebook, timeout=600).execute()
        print(f"{path.name}: {time.perf_counter() - began:.0f} s")


main()
