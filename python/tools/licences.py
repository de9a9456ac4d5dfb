"""Write the licences of all that a wheel contains: of the crates, and of the C libraries that some of them build.

``cargo metadata --format-version 1 --features saturn-python/bundled | python licences.py > LICENSE-THIRD-PARTY``
"""

import json
import re
import sys
from pathlib import Path

NAMES = re.compile(r"(LICEN[CS]E|COPYING|NOTICE|UNLICENSE|COPYRIGHT)([._-].*)?$", re.IGNORECASE)
#: Where crates have the sources of C libraries.
LIBRARIES = {"hdf5-metno-src": "ext/hdf5", "libz-sys": "src/zlib", "openssl-src": "openssl", "lzf-sys": "source"}


def linked(graph, start):
    """Packages that are linked, and build dependencies that are the sources of C libraries."""
    nodes = {node["id"]: node for node in graph["resolve"]["nodes"]}
    names = {package["id"]: package["name"] for package in graph["packages"]}
    found, left = set(), [start]
    while left:
        at = left.pop()
        if at in found:
            continue
        found.add(at)
        for dependency in nodes[at]["deps"]:
            kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
            if None in kinds or ("build" in kinds and names[dependency["pkg"]] in LIBRARIES):
                left.append(dependency["pkg"])
    return found


def texts(package):
    """Licence files of a package."""
    folder = Path(package["manifest_path"]).parent
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and NAMES.match(file.name)]
    if package["license_file"]:
        files.append(folder / package["license_file"])
    if package["name"] in LIBRARIES:
        files += [file for file in (folder / LIBRARIES[package["name"]]).iterdir() if NAMES.match(file.name)]
    return [file.read_text(encoding="utf-8", errors="replace").strip() for file in dict.fromkeys(files) if file.is_file()]


def main():
    graph = json.load(sys.stdin)
    start = next(package["id"] for package in graph["packages"] if package["name"] == "saturn-python")
    ids = linked(graph, start)
    packages = [package for package in graph["packages"] if package["id"] in ids and package["source"]]
    # Texts that differ in their line breaks alone are one.
    users, first, without = {}, {}, []
    for package in sorted(packages, key=lambda one: one["name"]):
        name = f"{package['name']} {package['version']}"
        found = texts(package)
        for text in found:
            text = first.setdefault(" ".join(text.split()), text)
            users.setdefault(text, []).append(name)
        if not found:
            without.append(f"{name}: {package['license']}")
    print("Software in this package, with its licences. Saturn's own are in LICENSE-MIT and LICENSE-APACHE.\n")
    print("Crates without a file of their licence:\n" + "\n".join(without))
    for text, names in users.items():
        print(f"\n{'=' * 80}\n{', '.join(names)}\n\n{text}")


if __name__ == "__main__":
    main()
