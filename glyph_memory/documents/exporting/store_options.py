"""The settings of an object store, as Lance names them, from where fsspec has them.

Knows S3; knows nothing about rows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from glyph_memory.addresses import is_address

_NAMES = {"key": "aws_access_key_id", "secret": "aws_secret_access_key", "token": "aws_session_token"}


def make_store_options(address: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the store of an address.

    Lance reads the variables of the environment that the store's own tools read. What fsspec was told of S3 (`key`,
    `secret`, `token`, `endpoint_url`, the region, `anon`) comes before them; what is given comes before all.

    Args:
        address: Of a dataset; a folder has no settings.
        given: As Lance names them.
    """
    if not is_address(address) or urlsplit(address).scheme not in {"s3", "s3a"}:
        return dict(given)
    from fsspec import core  # noqa: PLC0415 - heavy, and for addresses alone

    known: dict[str, Any] = core.url_to_fs(address)[0].storage_options
    client = known.get("client_kwargs") or {}
    found = {ours: str(known[theirs]) for theirs, ours in _NAMES.items() if known.get(theirs)}
    endpoint = known.get("endpoint_url") or client.get("endpoint_url")
    if endpoint:
        found["aws_endpoint"] = str(endpoint)
    if client.get("region_name"):
        found["aws_region"] = str(client["region_name"])
    if known.get("anon"):
        found["aws_skip_signature"] = "true"
    if str(endpoint or os.environ.get("AWS_ENDPOINT_URL", "")).startswith("http://"):
        found["allow_http"] = "true"
    return found | dict(given)
