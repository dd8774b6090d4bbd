"""Why an engine cannot be used, in a sentence, by what its error says."""

from __future__ import annotations

import re

from qa.milvus.address import MilvusAddress

_NOT_ALLOWED = ("permission deny", "permission_denied", "privilege", "code=1801")
_PRIVILEGE = re.compile(r"Privilege([A-Z][A-Za-z]{0,40}): permission deny")
_CAUSES = 8  # of an error that are looked at: some errors are said to be their own cause

_SENTENCES = {
    ("certificate_verify_failed", "hostname verification"): (
        "its certificate is not trusted, or is of another host; name a file of certificates to "
        "trust in GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
    ),
    ("auth check failure", "unauthenticated", "code=1800", "api key"): (
        "it {refuses} one in INQUOTE_MILVUS_TOKEN"
    ),
    _NOT_ALLOWED: "the token may not do this{lacks}; set one that may in INQUOTE_MILVUS_TOKEN",
    ("open local milvus failed",): (
        "another process has its file open, or it is no file of Milvus Lite; wait for that "
        "process, name another file, or run a server"
    ),
    ("quota", "force deny", "memory limit", "disk full", "no space left"): (
        "it takes no more data, as its memory or disk is full; make room, and try again"
    ),
    ("wrong_version_number",): (
        "it does not speak TLS; write milvus:// instead of milvus+https://, or have it do so"
    ),
    ("not loaded", "not fully loaded", "collectionnotloaded"): (
        "it has not loaded the index; try again in a while, or have somebody load it whose token "
        "may"
    ),
    (
        "unavailable",
        "fail connecting",
        "timeout",
        "timed out",
        "deadline",
        "channel",
        "not ready",
    ): "it does not answer; look whether it runs and is reachable{tls}, and try again",
}


def why(error: Exception, address: MilvusAddress) -> str:
    """Return why the engine cannot be used, and what to do."""
    told = _told(error)
    says = told.lower() + (" timeout" if isinstance(error, OSError) else "")
    sentence = next(
        (each for signs, each in _SENTENCES.items() if any(sign in says for sign in signs)), None
    )
    if sentence is None:
        details = getattr(error, "details", None)  # of an error of gRPC
        message = details() if callable(details) else getattr(error, "message", error)
        return f"it answers with an error ({str(message)[:200]})"
    lacks = _PRIVILEGE.search(told)
    is_plain_to_tls = "socket closed" in says and address.uri.startswith("http:")
    return sentence.format(
        refuses="refuses the token; set the right" if address.token else "wants a token; set",
        lacks=f", as its role lacks the privilege {lacks[1]}" if lacks else "",
        tls=" (with milvus+https://, if it speaks TLS)" if is_plain_to_tls else "",
    )


def is_not_allowed(error: Exception) -> bool:
    """Return whether the token's role lacks a privilege."""
    says = _told(error).lower()
    return any(sign in says for sign in _NOT_ALLOWED)


def _told(error: BaseException | None) -> str:
    """Return what an error says, and its causes."""
    told: list[str] = []
    while error is not None and len(told) < _CAUSES:
        told.append(str(error))
        error = error.__cause__
    return " ".join(told)
