"""Asking a server for a file: proxies and certificates as the system has them, plain words for failures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout
from urllib3.exceptions import (
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
)
from urllib3.util import Retry

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from orch.app.src.version import VERSION

_WAIT = Timeout(connect=20, read=60)
_RETRY = Retry(
    total=4,
    connect=0,
    redirect=10,
    backoff_factor=0.5,
    status_forcelist=(429, 500, 502, 503, 504),
    raise_on_status=False,
)
"""Also takes `Retry-After`. What breaks in the middle of a file is resumed by the caller."""


def get(url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
    """Ask for a url; the body is not read yet.

    Raises:
        StageError: DOWNLOAD_FAILED: no way to the server, or it will not give the file.
        HTTPError: the connection broke; asking again may help.
    """
    host = urlsplit(url).netloc
    try:
        response = _pool(host, urlsplit(url).scheme).request(
            "GET",
            url,
            headers={"User-Agent": f"open-the-eyes/{VERSION}", "Accept-Encoding": "identity", **headers},
            preload_content=False,
            retries=_RETRY,
            timeout=_WAIT,
        )
    except MaxRetryError as error:
        raise _explained(host, error.reason) or error from error
    if response.status in (200, 206, 416):
        return response
    response.close()
    raise StageError(
        ErrorCode.DOWNLOAD_FAILED,
        f"{host} answers {response.status} to {url}",
        _ADVICE.get(response.status, "try again later"),
        ExitCode.ENVIRONMENT,
    )


_ADVICE = {
    401: "this file needs an account there: fetch it with a browser, then models import FILE",
    403: "this file needs an account there: fetch it with a browser, then models import FILE",
    404: "it has moved: find it elsewhere, then models import FILE checks that it is the same",
}


def _explained(host: str, reason: Exception | None) -> StageError | None:
    """An error for what will not get better by asking again in a moment."""
    if isinstance(reason, SSLError):
        problem = f"the certificate of {host} cannot be checked"
        return _no_way(problem, "name your company's certificates in SSL_CERT_FILE")
    if isinstance(reason, ProxyError):
        return _no_way(f"the proxy does not lead to {host}", "check HTTPS_PROXY")
    if isinstance(reason, NameResolutionError):
        return _no_way(f"cannot reach {host}: this machine is offline, or knows no such server", "")
    if isinstance(reason, NewConnectionError):
        return _no_way(f"cannot reach {host}: {str(reason).rpartition(': ')[2]}", "")
    return None


def _no_way(message: str, hint: str) -> StageError:
    return StageError(ErrorCode.DOWNLOAD_FAILED, message, hint, ExitCode.ENVIRONMENT)


@cache
def _pool(host: str, scheme: str) -> PoolManager:
    """Connections, through the proxy that HTTPS_PROXY and its like name."""
    proxy = getproxies().get(scheme)
    if proxy is None or proxy_bypass(host):
        return PoolManager()
    return ProxyManager(proxy)


__all__ = ["HTTPError", "get"]
