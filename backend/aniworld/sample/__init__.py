"""The sample source: a catalogue site on loopback whose clips are generated, real and playable."""

from pathlib import Path
from typing import Literal

from aniworld.kit.files import durable_write
from aniworld.sample.server import SampleSource

__all__ = ["LAYOUTS", "Layout", "SampleSource", "install_profile"]


Layout = Literal["profile", "tabs", "data"]
"""How the site shows its catalogue: each is described by the TOML file of that name beside this one."""
LAYOUTS: dict[Layout, str] = {"profile": "sample", "tabs": "sample-tabs", "data": "sample-data"}
"""And the names of the sources that the files describe."""


def install_profile(directory: Path, url: str, layout: Layout = "profile") -> Path:
    """Describe the site that runs at ``url`` to the server whose profiles lie in ``directory``; the file's path."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    profile = Path(__file__).with_name(f"{layout}.toml").read_text()
    target = directory / f"{LAYOUTS[layout]}.toml"
    durable_write(target, profile.replace("{base_url}", url).encode())
    return target
