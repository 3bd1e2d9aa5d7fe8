"""Where things are."""

from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
BUILD = REPO / "build"
LOGS = BUILD / "logs"
VENV = REPO / ".venv"


def shown(path: Path) -> str:
    """A path as the user would type it from the repository."""
    return str(path.relative_to(REPO)) if path.is_relative_to(REPO) else str(path)
