"""The installed package: one version, its types, its licences, nothing that users do not need."""

import importlib.metadata
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

import saturn_snn as saturn

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def distribution():
    try:
        return importlib.metadata.distribution("saturn-snn")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package is not installed")


def test_all_have_one_version(distribution):
    workspace = re.search(r'\[workspace.package\]\nversion = "(.*)"', (ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    program = Path(sysconfig.get_path("scripts")) / "saturn"
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert workspace is not None
    assert {distribution.version, saturn.__version__, printed.split()[-1]} == {workspace[1]}


def test_the_package_has_types_and_licences_and_no_tests(distribution):
    files = {str(file) for file in distribution.files}
    assert {"saturn_snn/py.typed", "saturn_snn/_saturn.pyi"} <= files
    licences = {Path(file).name for file in files if "/licenses/" in file}
    assert {"LICENSE-APACHE", "LICENSE-MIT"} <= licences
    own = re.compile(r"saturn_snn/[^/]*\.(py|pyi|so|typed|pyc)$|saturn_snn/__pycache__/|saturn_snn-[^/]*/|\.\./.*bin/saturn$")
    assert [file for file in sorted(files) if not own.match(file)] == []
