"""Let README's links lead somewhere on the package's page, too: there they have to be absolute."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

RELATIVE = re.compile(r"(?P<image>!?)\[(?P<shown>[^]]*)\]\((?!https?:|#)(?P<path>[^)\s]+)\)")


def absolute(text: str, source: str) -> str:
    """Write links to files of the repository as links to its home at GitHub."""

    def rewritten(link: re.Match[str]) -> str:
        form = "raw" if link["image"] else "blob"
        return f"{link['image']}[{link['shown']}]({source}/{form}/main/{link['path']})"

    return RELATIVE.sub(rewritten, text)


class LongDescription(MetadataHookInterface):
    """Hatchling asks it for what pyproject.toml calls dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Enter README.md as the long description."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        text = absolute(text, metadata["urls"]["Source"])
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
