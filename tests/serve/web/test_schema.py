"""The interface against its own description: whatever is sent, no request ends in an error that nobody foresaw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import response_schema_conformance

from glyph_memory.context import PageOptions
from glyph_memory.serve import ServeOptions
from glyph_memory.serve.edge.recorder import Recorder
from glyph_memory.serve.web import WebContext, create_web_api
from glyph_memory.store import Store
from tests.serve.web.fakes import Web, caller_of, find_models

TEXT = "The museum opens at nine. Everybody knows that the gate code is 4711-B.\n"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Return an interface without an upstream, for all requests together."""
    folder: Path = tmp_path_factory.mktemp("schema")
    with Store.open(folder / "web.db") as store:
        context = WebContext(
            options=ServeOptions(upstreams=(), web=True),
            store=store,
            page_options=PageOptions(),
            recorder=Recorder(),
            find_models=find_models([]),
            caller_of=caller_of,
        )
        yield Web(context=context, app=create_web_api(context), recorder=Recorder())


def test_no_request_ends_in_an_error_that_nobody_foresaw(web: Web) -> None:
    """And every error has the one form. The stream without end is left out."""
    document = web.client().post("documents", json={"text": TEXT}).json()["id"]
    schema = schemathesis.openapi.from_asgi("/openapi.json", web.app).exclude(path="/events")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 12
    for operation in operations:

        @settings(
            max_examples=6,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=one_of(
                operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
                operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
            )
        )
        def check(case: Any) -> None:
            if "id" in (case.path_parameters or {}):
                case.path_parameters["id"] = document
            response = case.call()
            case.validate_response(response, checks=[not_a_server_error, response_schema_conformance])
            if response.status_code >= 400:
                error = response.json()["error"]
                assert set(error) == {"message", "field"}
                assert len(error["message"].splitlines()) == 1

        check()
