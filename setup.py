"""Says which folders become packages; everything else stands in pyproject.toml."""

from setuptools import find_packages, setup

# outside of the package, as the browser and the training's report use them too
CARRIED = {f"engrave.assets.{name}": f"assets/{name}" for name in ("fonts", "vendor")}

setup(
    packages=[*find_packages(include=["engrave*", "train*"]), *CARRIED],
    package_dir=CARRIED,
)
