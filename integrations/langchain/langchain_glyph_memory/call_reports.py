"""Tell what a call of an agent's model showed, and what that cost: as an event for callbacks, and on the answer.

Knows runs and answers; knows nothing about how a report is made. No report holds a word of the conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from langchain.agents.middleware.types import ExtendedModelResponse, ModelCallResult
from langchain_core.callbacks import adispatch_custom_event, dispatch_custom_event
from langchain_core.messages import AIMessage, BaseMessage

from glyph_memory import CallReport, FoldedHistory, RequestPlan
from langchain_glyph_memory.overhead import Overhead

REPORT = "glyph_memory"
"""The name of the event, and the key in an answer's `response_metadata`."""


def make_report(folded: FoldedHistory[BaseMessage], plan: RequestPlan, overhead: Overhead) -> CallReport:
    """Return the report of a request, whose tokens are all of the prompt's: folding rounds what is beside messages."""
    report, binder = folded.report(plan), folded.folding.binder
    head = sum(map(binder.count_message_tokens, folded.fold.head))
    whole = overhead.tokens + head + report.page_tokens + report.recent_tokens
    return replace(report, prompt_tokens=whole)


def dispatch_report(report: CallReport | None) -> None:
    """Hand a report to the callbacks of the run; to nobody where there is no run, or no report."""
    if report is not None:
        with suppress(RuntimeError):  # there is no run: whoever called the middleware is no agent
            dispatch_custom_event(REPORT, report.to_json())


async def adispatch_report(report: CallReport | None) -> None:
    """Do what `dispatch_report` does."""
    if report is not None:
        with suppress(RuntimeError):
            await adispatch_custom_event(REPORT, report.to_json())


def add_report(response: ModelCallResult[Any], report: CallReport | None) -> ModelCallResult[Any]:
    """Return a response with a report in its answers' metadata: copies, which have all else that the answers had."""
    if report is None:
        return response
    if isinstance(response, AIMessage):
        return _add(response, report)
    if isinstance(response, ExtendedModelResponse):
        inner = response.model_response
        return replace(response, model_response=replace(inner, result=_add_each(inner.result, report)))
    return replace(response, result=_add_each(response.result, report))


def _add_each(messages: Sequence[BaseMessage], report: CallReport) -> list[BaseMessage]:
    return [_add(message, report) if isinstance(message, AIMessage) else message for message in messages]


def _add(message: AIMessage, report: CallReport) -> AIMessage:
    return message.model_copy(
        update={"response_metadata": {**message.response_metadata, REPORT: report.to_json()}}
    )
