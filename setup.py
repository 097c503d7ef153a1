"""The wheel holds one name: every package of the checkout lies in it as trompe.NAME."""

from setuptools import find_packages, setup

FOLDERS = find_packages(exclude=["benchmarks*", "trompe"])

setup(
    packages=["trompe", "trompe.configs", *(f"trompe.{name}" for name in FOLDERS)],
    package_dir={f"trompe.{name}": name for name in ("configs", *FOLDERS) if "." not in name},
)
