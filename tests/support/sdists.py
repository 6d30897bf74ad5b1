"""Real projects from PyPI, fetched once: their source archives, unpacked."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

STORE = Path(__file__).parents[2] / ".tools" / "sdists"


def fetch(name: str, version: str) -> Path:
    """Return the unpacked source archive of a release; it must not be changed in place."""
    wanted = STORE / f"{name}-{version}"
    if not wanted.exists():
        STORE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=STORE) as scratch:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--no-binary", name, "-d", scratch]
            subprocess.run([*command, f"{name}=={version}"], check=True, capture_output=True)
            archive = next(Path(scratch).glob("*.tar.gz"))
            with tarfile.open(archive) as tar:
                # Debian's 3.11 has no filters yet
                tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
                tar.extractall(scratch)
            folder = next(path for path in Path(scratch).iterdir() if path.is_dir())
            try:
                folder.rename(wanted)
            except OSError:  # another test process was faster
                assert wanted.exists()
    return wanted
