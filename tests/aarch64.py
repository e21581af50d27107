"""The CPU kernels on AArch64, emulated: `make test-aarch64`.

Needs root and Debian's packages cmake, debootstrap, g++-aarch64-linux-gnu, clang (19 or newer;
CLANG=clang++-19 names another than clang++) and qemu-user, and a Python with pip. Debian's Python
and the wheels of PyTorch for AArch64 are unpacked into a folder, cross compilers compile the
kernels, and QEMU runs their tests, much slower than a processor would.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "aarch64"
SYSTEM, PACKAGES = FOLDER / "system", FOLDER / "packages"
DEBIAN, PYTHON = "trixie", "3.13"
TORCH = (
    "torch==2.9.1",
    "numpy",
    "sympy",
    "mpmath",
    "networkx",
    "jinja2",
    "markupsafe",
    "filelock",
    "fsspec",
    "typing_extensions",
    "setuptools",
)
"""PyTorch, in a version that has a wheel without CUDA, and what it needs."""
PYTEST = (
    "pytest<9.2",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
    "hypothesis",
    "attrs",
    "sortedcontainers",
    "expecttest",
)
CLANG = os.environ.get("CLANG", "clang++")
COMPILERS = {
    "gcc": ["-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++"],
    "clang": [
        f"-DCMAKE_CXX_COMPILER={CLANG}",
        "-DCMAKE_CXX_COMPILER_TARGET=aarch64-linux-gnu",
    ],
}
TOOLS = ("cmake", "debootstrap", "dpkg-deb", "aarch64-linux-gnu-g++", CLANG, "qemu-aarch64")
TESTS = (
    "tests/test_cpu_exactness.py",
    "tests/test_cpu_bfloat16.py",
    "tests/test_cpu_strange_numbers.py",
)


def run(*command: str | Path, **more: str) -> None:
    """Run a command in the checkout, and stop if it fails."""
    print("\n==", *command, flush=True)
    subprocess.run(command, cwd=ROOT, env=os.environ | more, check=True)


def unpack_system() -> None:
    """Unpack Debian's Python for AArch64 and all that it needs."""
    new = FOLDER / "new"
    shutil.rmtree(new, ignore_errors=True)
    options = ("--foreign", "--variant=minbase", "--arch=arm64", "--include=python3,libstdc++6")
    run("debootstrap", *options, DEBIAN, new)
    for package in sorted((new / "var/cache/apt/archives").glob("*.deb")):
        run("dpkg-deb", "--extract", package, new)
    new.rename(SYSTEM)


def unpack_wheels() -> None:
    """Unpack PyTorch for AArch64, and what the tests need."""
    new = FOLDER / "new packages"
    shutil.rmtree(new, ignore_errors=True)
    platforms = [f"--platform={tag}_aarch64" for tag in ("manylinux_2_28", "manylinux2014")]
    binary = ("--only-binary=:all:", "--no-deps", f"--python-version={PYTHON}", *platforms)
    pip = (sys.executable, "-m", "pip", "install", "--quiet")
    run(*pip, *binary, f"--target={new}", *TORCH, *PYTEST)
    new.rename(PACKAGES)


def check(compiler: str, options: list[str]) -> None:
    """Compile the kernels, and run their tests in a copy of the checkout."""
    build, copy = FOLDER / compiler, FOLDER / f"checkout {compiler}"
    target = ("-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64")
    options_of_cmake = ("-DCMAKE_BUILD_TYPE=Release", *target, *COMPILERS[compiler])
    run("cmake", "-S", ".", "-B", build, *options_of_cmake)
    run("cmake", "--build", build, "--parallel", "2")
    shutil.rmtree(copy, ignore_errors=True)
    for name in ("lstm_variants", "experiments", "tests", "pyproject.toml"):
        source = ROOT / name
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy)
    kernels = copy / "lstm_variants" / "kernels" / "cpu"
    for built in kernels.glob("*.so"):
        built.unlink()
    shutil.copy(build / "lstm_variants_kernels.so", kernels)
    python = SYSTEM / f"usr/bin/python{PYTHON}"
    pytest = ("-m", "pytest", f"--rootdir={copy}", "-p", "no:cacheprovider", "-q", "--no-skips")
    quick = ("--override-ini=addopts=", "--sample", *options)
    tests = [copy / test for test in TESTS]
    path = os.pathsep.join(map(str, (copy, PACKAGES)))
    emulator = ("qemu-aarch64", "-cpu", "neoverse-n1", "-L", SYSTEM)
    run(*emulator, python, *pytest, *quick, *tests, PYTHONPATH=path)


def main() -> None:
    """Test the kernels of all compilers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("options", nargs="*", help="for pytest, after --")
    options = parser.parse_args().options
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing or os.geteuid():
        raise SystemExit(f"{__doc__}\nMissing: {', '.join(missing) or 'the rights of root'}.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not SYSTEM.exists():
        unpack_system()
    if not PACKAGES.exists():
        unpack_wheels()
    for compiler in COMPILERS:
        check(compiler, options)
    print("\nThe kernels of all compilers passed.")


if __name__ == "__main__":
    main()
