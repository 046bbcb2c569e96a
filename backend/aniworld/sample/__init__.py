"""The sample source: a catalogue site on loopback whose clips are generated, real and playable."""

from pathlib import Path

from aniworld.kit.files import durable_write
from aniworld.sample.server import SampleSource

__all__ = ["SampleSource", "install_profile"]


def install_profile(directory: Path, url: str) -> Path:
    """Describe the site that runs at ``url`` to the server whose profiles lie in ``directory``; the file's path."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    profile = Path(__file__).with_name("profile.toml").read_text()
    target = directory / "sample.toml"
    durable_write(target, profile.replace("{base_url}", url).encode())
    return target
