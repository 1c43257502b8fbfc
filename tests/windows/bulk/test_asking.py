"""Each question about a document is asked once, whatever is killed, changed, copied or fails meanwhile."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import pytest

from glyph_memory.documents.shards.attempts import Attempts
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.errors import DocumentError, GlyphMemoryError, ReaderError
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer, Fault
from glyph_memory.windows import ShardAsker, open_questions
from glyph_memory.windows.bulk.plan import ATTEMPTS, BEGUN
from tests.documents.shards.helpers import make_texts
from tests.windows.bulk.helpers import (
    QUESTION,
    ask,
    draw,
    find_asked,
    name_documents,
    read_answers,
    say_pages,
)

DOCUMENTS = 6


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with documents of a page, and a long one."""
    texts = make_texts(tmp_path_factory.mktemp("sources") / "texts", documents=DOCUMENTS, sentences=20)
    (texts / "0003.md").write_text(
        " ".join(f"Plank {number} is dried for five years." for number in range(2_500))
    )
    return texts


@pytest.fixture(scope="module")
def drawn(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return their pages."""
    return draw(texts, tmp_path_factory.mktemp("drawn") / "out")


@pytest.fixture
def pages(drawn: Path, tmp_path: Path) -> Path:
    """Return a copy of their pages."""
    return Path(shutil.copytree(drawn, tmp_path / "pages"))


def test_each_document_is_asked_about_once_with_all_its_pages(pages: Path) -> None:
    """Its row has the answer, where it is from and what it cost; the next run asks nobody."""
    with FakeVLMServer(answer=say_pages) as server:
        report = ask(pages, url=server.base_url)
        again = ask(pages, url=server.base_url)
    rows = read_answers(pages)
    assert (report.total, report.answered, report.requests, report.failures) == (
        DOCUMENTS,
        DOCUMENTS,
        DOCUMENTS,
        (),
    )
    assert (again.answered, again.unchanged, again.requests) == (0, DOCUMENTS, 0)
    assert len(server.requests) == len(rows) == DOCUMENTS
    asked = {say_pages(request): request for request in server.requests}
    for row in rows:
        request = asked[row["answer"]]
        assert len(row["pages"]) == len(request.images)
        assert (row["part"], row["parts"], row["first_page"], row["last_page"]) == (
            1,
            1,
            1,
            len(row["pages"]),
        )
        assert (row["error"], row["finish_reason"], row["is_cut_off"], row["model"]) == (
            "",
            "stop",
            False,
            "glyph",
        )
        assert row["prompt_tokens"] == request.prompt_tokens <= row["counted_tokens"]
        assert request.texts[-1] == QUESTION


def test_a_page_is_sent_as_it_was_stored(pages: Path) -> None:
    """To the byte: what is sent has the digest of the file in the table."""
    import hashlib

    from tests.documents.shards.helpers import read_pages

    with FakeVLMServer() as server:
        ask(pages, url=server.base_url)
    sent = {image.digest for request in server.requests for image in request.images}
    assert sent == {hashlib.sha256(page["image"]["bytes"]).hexdigest() for page in read_pages(pages)}


def test_each_page_can_be_asked_about_alone(pages: Path) -> None:
    """A changed document is then asked about its new pages alone."""
    with FakeVLMServer(answer=say_pages) as server:
        report = ask(pages, url=server.base_url, per="page")
    rows = read_answers(pages)
    assert report.requests == len(rows) > DOCUMENTS
    assert all(row["first_page"] == row["last_page"] == row["part"] for row in rows)


def test_a_document_beyond_the_window_is_asked_in_parts_of_whole_pages(pages: Path) -> None:
    """Each knows which part it is; all pages are seen, and no request is larger than the window."""
    with FakeVLMServer(answer=say_pages, window_tokens=4000) as server:
        report = ask(pages, url=server.base_url, answer_tokens=100, overlap=0)
    rows = read_answers(pages)
    assert (report.answered, report.failures) == (DOCUMENTS, ())
    long = [row for row in rows if row["parts"] > 1]
    assert long
    for name in {row["document"] for row in rows}:
        parts = [row for row in rows if row["document"] == name]
        assert [row["part"] for row in parts] == list(range(1, parts[0]["parts"] + 1))
        shown = [page for row in parts for page in range(row["first_page"], row["last_page"] + 1)]
        assert shown == list(range(1, parts[-1]["last_page"] + 1))
    assert all(request.prompt_tokens + 100 <= 4000 for request in server.requests)


def test_a_page_larger_than_the_window_is_a_row_that_says_so(pages: Path) -> None:
    """It is never cut."""
    with FakeVLMServer(window_tokens=700) as server:
        report = ask(pages, url=server.base_url, answer_tokens=100)
    [failure] = report.failures
    assert "alone takes" in failure.message
    assert (report.answered, len(server.requests)) == (DOCUMENTS - 1, DOCUMENTS - 1)
    [row] = [row for row in read_answers(pages) if row["error"]]
    assert (row["document"], row["answer"]) == (failure.source, None)


def test_several_questions_and_those_of_each_document(pages: Path) -> None:
    """Of several, those about a document go one after the other; a document without any is not asked about."""
    names = sorted({row["document"] for row in _list_documents(pages)})
    with FakeVLMServer() as server:
        two = ask(pages, ["Which plank?", "Wie lange trocknet die Bohle?"], url=server.base_url)
        own = ask(
            pages, {names[0]: "Who dries it?", names[1]: ["Où?", "何年?"], "nobody": "?"}, url=server.base_url
        )
    assert (two.answered, own.answered) == (2 * DOCUMENTS, 3)
    assert [failure.source for failure in own.failures] == ["nobody"]
    asked = [(row["document"], row["question"]) for row in read_answers(pages)]
    assert (names[1], "何年?") in asked
    assert len(asked) == 2 * DOCUMENTS + 3


def _list_documents(pages: Path) -> list[dict[str, str]]:
    from tests.documents.shards.helpers import read_documents

    return read_documents(pages)


def test_what_a_killed_worker_was_told_is_not_asked_again(pages: Path, tmp_path: Path) -> None:
    """It dies in the middle of a shard: the answers it had are kept, what was under way is asked again."""
    with FakeVLMServer(answer=say_pages) as server:
        _ask_and_die(pages, server, after=2)
        assert len(list((pages / BEGUN).glob("*.json"))) == 2
        report = ask(pages, url=server.base_url)
    assert report.answered == DOCUMENTS
    # The third was answered, and its answer never arrived.
    assert len(server.requests) == DOCUMENTS + 1
    assert list((pages / BEGUN).glob("*.json")) == []
    assert len(read_answers(pages)) == DOCUMENTS


def _ask_and_die(pages: Path, server: FakeVLMServer, *, after: int) -> None:
    """Ask in a process that is killed once so many answers are kept, and the next one is on its way."""
    child = os.fork()
    if child == 0:
        from glyph_memory.windows.bulk.journal import Journal

        keep = Journal.keep

        def count(journal: Journal, key: str, row: dict[str, object]) -> None:
            if len(list((pages / BEGUN).glob("*.json"))) == after:
                os._exit(9)
            keep(journal, key, row)

        Journal.keep = count  # type: ignore[assignment,method-assign]  # in the child alone
        try:
            ask(pages, url=server.base_url, max_concurrent=1)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9


def test_a_changed_corpus_asks_about_what_changed(texts: Path, tmp_path: Path) -> None:
    """A new document and a changed one are asked about; of the others, and of a copy, the answers stay."""
    sources = Path(shutil.copytree(texts, tmp_path / "texts"))
    pages = draw(sources, tmp_path / "pages")
    with FakeVLMServer(answer=say_pages) as server:
        ask(pages, url=server.base_url)
        before = {row["document"]: row["answer"] for row in read_answers(pages)}
        server.requests.clear()
        (sources / "0000.md").write_text("Plank 0 is dried for ninety years.")
        (sources / "new.md").write_text("Ein neues Brett: Nussbaum, 木, 3 Jahre.")
        shutil.copy(sources / "0001.md", sources / "copy.md")
        draw(sources, pages)
        report = ask(pages, url=server.base_url)
    assert (report.answered, report.requests) == (3, 2)
    assert len(server.requests) == 2
    after = {row["document"]: row["answer"] for row in read_answers(pages)}
    assert len(read_answers(pages)) == DOCUMENTS + 2
    changed = {name for name in before if before[name] != after[name]}
    assert {Path(name).name for name in changed} == {"0000.md"}
    assert after[str(sources / "copy.md")] == after[str(sources / "0001.md")]


def test_copies_in_one_run_are_asked_about_once(tmp_path: Path) -> None:
    """Each gets its row."""
    texts = make_texts(tmp_path / "texts", documents=2)
    shutil.copy(texts / "0000.md", texts / "copy.md")
    pages = draw(texts, tmp_path / "pages")
    with FakeVLMServer(answer=say_pages) as server:
        report = ask(pages, url=server.base_url)
    assert (report.answered, report.requests, len(server.requests)) == (3, 2, 2)
    rows = read_answers(pages)
    assert name_documents(rows) == ["0000.md", "0001.md", "copy.md"]
    assert rows[0]["answer"] == rows[2]["answer"]
    assert [row["reused"] for row in rows] == [False, False, True]


def test_a_run_that_stops_goes_on_with_the_same_files(pages: Path) -> None:
    """What is finished stays, to the byte."""
    with FakeVLMServer(answer=say_pages) as server:
        with pytest.raises(KeyboardInterrupt):
            ask(pages, url=server.base_url, documents_per_shard=2, stop_after=1)
        [first] = (pages / "answers").glob("*.parquet")
        data = first.read_bytes()
        report = ask(pages, url=server.base_url, documents_per_shard=2)
    assert (report.unchanged, report.answered, len(server.requests)) == (2, DOCUMENTS - 2, DOCUMENTS)
    assert first.read_bytes() == data


def test_a_busy_server_is_asked_again_and_a_failing_one_is_a_row(pages: Path) -> None:
    """429 is waited for; what fails for good is a row, and the next run asks about it alone."""
    busy = [Fault(status=429, headers={"Retry-After": "0"}), Fault(status=503), Fault(status=500)]
    with FakeVLMServer(answer=say_pages, faults=busy) as server:
        report = ask(pages, url=server.base_url, retries=3, backoff_s=0.01, max_concurrent=1)
        assert (report.answered, report.failures) == (DOCUMENTS, ())
    other = pages.with_name("other")
    shutil.copytree(pages, other, ignore=shutil.ignore_patterns("answers", "asking"))
    with FakeVLMServer(answer=say_pages, faults=[Fault(status=500, body=b"no memory")]) as server:
        report = ask(other, url=server.base_url, max_concurrent=1)
        assert (report.answered, len(report.failures)) == (DOCUMENTS - 1, 1)
        assert "failed (HTTP 500)" in report.failures[0].message
        again = ask(other, url=server.base_url)
        assert (again.answered, again.unchanged, again.failures) == (1, DOCUMENTS - 1, ())
        assert len(server.requests) == DOCUMENTS
    assert [row["error"] for row in read_answers(other)] == [""] * DOCUMENTS


def test_where_a_part_failed_the_others_are_not_asked_again(pages: Path) -> None:
    """Their answers are taken over."""
    with FakeVLMServer(answer=say_pages, faults=[Fault(), Fault(status=500)]) as server:
        first = ask(pages, url=server.base_url, per="page", max_concurrent=1)
        asked = len(server.requests)
        again = ask(pages, url=server.base_url, per="page")
    assert (len(first.failures), again.requests) == (1, 1)
    assert len(server.requests) == asked + 1
    rows = read_answers(pages)
    assert len(rows) == len({row["key"] for row in rows}) == asked + 1


def test_an_answer_that_is_cut_off_is_marked(pages: Path) -> None:
    """In its row, and in the report."""
    with FakeVLMServer(answer=lambda _: FakeAnswer(text="Two", finish_reason="length")) as server:
        report = ask(pages, url=server.base_url)
    assert report.cut_off == DOCUMENTS
    assert all(row["is_cut_off"] for row in read_answers(pages))


def test_a_wrong_model_or_key_ends_the_run_and_writes_nothing(pages: Path) -> None:
    """All requests would fail; the error is one line, without the key."""
    with FakeVLMServer(api_key="right") as server:
        with pytest.raises(GlyphMemoryError, match="api_key") as refused:
            ask(pages, url=server.base_url, api_key="sk-wrong-key")
        with pytest.raises(GlyphMemoryError, match="does not exist"):
            ask(pages, url=server.base_url, api_key="right", model="missing")
    assert "sk-wrong-key" not in str(refused.value)
    assert not (pages / "answers").exists()


def test_a_request_that_alone_is_refused_is_a_row(pages: Path) -> None:
    """The server answers others, so the run goes on."""
    refused = Fault(status=400, body=b'{"error": {"message": "flagged by a filter"}}')
    with FakeVLMServer(answer=say_pages, faults=[refused]) as server:
        report = ask(pages, url=server.base_url, max_concurrent=1)
    assert (report.answered, len(report.failures)) == (DOCUMENTS - 1, 1)
    assert "flagged by a filter" in report.failures[0].message


def test_no_server_is_one_line_and_one_of_two_is_enough(pages: Path) -> None:
    """Requests go to the servers in turn; what one does not answer, the other does."""
    with FakeVLMServer() as gone:
        pass
    with pytest.raises(ReaderError) as error:
        ask(pages, url=gone.base_url)
    assert len(str(error.value).splitlines()) == 1
    with FakeVLMServer() as first, FakeVLMServer() as second:
        ask(pages, url=[first.base_url, second.base_url], per="page")
        assert first.requests
        assert second.requests
        with pytest.warns(UserWarning, match="a server does not answer now"):
            report = ask(pages, "Which plank?", url=[gone.base_url, first.base_url])
    assert report.answered == DOCUMENTS


def test_servers_that_stop_answering_end_the_run(pages: Path) -> None:
    """After some requests in a row: the rest would only become rows of errors. What was answered is kept."""
    with FakeVLMServer(answer=say_pages, faults=[Fault(), *[Fault(status=500)] * 60]) as server:
        with pytest.raises(GlyphMemoryError, match="4 requests in a row got no answer"):
            ask(pages, url=server.base_url, max_concurrent=1)
        server.faults.clear()
        report = ask(pages, url=server.base_url)
    assert (report.answered + report.unchanged, len(server.requests)) == (DOCUMENTS, DOCUMENTS)


def test_a_document_that_could_not_be_drawn_is_told(texts: Path, tmp_path: Path) -> None:
    """With the reason; it is not asked about."""
    sources = Path(shutil.copytree(texts, tmp_path / "texts"))
    (sources / "bad.docx").write_bytes(b"PK\x03\x04 no archive")
    pages = draw(sources, tmp_path / "pages")
    with FakeVLMServer() as server:
        report = ask(pages, url=server.base_url)
    assert (report.total, report.answered) == (DOCUMENTS + 1, DOCUMENTS)
    [failure] = report.failures
    assert Path(failure.source).name == "bad.docx"
    assert "it was not drawn" in failure.message


def test_a_document_that_kills_its_workers_is_a_row_in_the_end(pages: Path) -> None:
    """First all are asked about at once; then one by one, and it is known which one it was."""
    with (
        FakeVLMServer(answer=say_pages) as server,
        open_questions(pages, QUESTION, url=server.base_url) as run,
    ):
        shard = next(one for one in run.shards if len(one.units) > 2)
        for _ in range(2):
            Attempts(Storage(str(pages)), ATTEMPTS, shard.name).begin()
        for _ in range(3):
            attempts = Attempts(Storage(str(pages)), ATTEMPTS, shard.name)
            attempts.begin()
            attempts.note("1")
        asker = ShardAsker(*run.asker)
        result = asker.ask(shard)
        asker.close()
    assert [failure.source for failure in result.failures] == [shard.units[1].document]
    assert "was killed 3 times" in result.failures[0].message
    assert result.answered == len(shard.units) - 1


def test_a_worker_that_is_lost_while_it_writes_was_lost_at_no_document(
    pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All its documents were asked about by then."""
    noted, write = list[object](), Storage.write

    def look(storage: Storage, name: str, data: bytes) -> None:
        if name.startswith("answers/"):
            noted.append(json.loads(storage.read(f"{ATTEMPTS}/{Path(name).stem}.json"))["at"])
        write(storage, name, data)

    monkeypatch.setattr(Storage, "write", look)
    with (
        FakeVLMServer(answer=say_pages) as server,
        open_questions(pages, QUESTION, url=server.base_url) as run,
    ):
        for _ in range(2):
            Attempts(Storage(str(pages)), ATTEMPTS, run.shards[0].name).begin()
        asker = ShardAsker(*run.asker)
        run.add(asker.ask(run.shards[0]))
        asker.close()
    assert noted == [None]


def test_two_workers_of_other_versions_ask_nothing(pages: Path) -> None:
    """They are refused by name."""
    asker = ShardAsker({"glyph-memory": "9.9"}, b"no pickle")
    with (
        FakeVLMServer() as server,
        open_questions(pages, QUESTION, url=server.base_url) as run,
        pytest.raises(GlyphMemoryError, match=r"the driver has 9\.9"),
    ):
        run.add(asker.ask(run.shards[0]))


def test_what_cannot_be_asked_is_one_line(pages: Path, tmp_path: Path) -> None:
    """No pages, no question, no room."""
    with FakeVLMServer(window_tokens=500) as server:
        with pytest.raises(GlyphMemoryError, match="there are no pages in"):
            ask(tmp_path / "nothing", url=server.base_url)
        with pytest.raises(DocumentError, match="asks nothing"):
            ask(pages, " ", url=server.base_url)
        with pytest.raises(DocumentError, match="per='word' is not known"):
            ask(pages, url=server.base_url, per="word")  # type: ignore[arg-type]  # which is the point
        report = ask(pages, url=server.base_url, answer_tokens=500)
    assert all("has no room for pages" in failure.message for failure in report.failures)


def test_no_key_stands_in_any_file(pages: Path) -> None:
    """It goes to workers alone."""
    key = "sk-secret-4711"
    with (
        FakeVLMServer(api_key=key) as server,
        open_questions(pages, QUESTION, url=server.base_url, api_key=key) as run,
    ):
        assert key not in repr(run.job)
        assert key.encode() in pickle.dumps(run.asker)
        asker = ShardAsker(*run.asker)
        for shard in run.shards:
            run.add(asker.ask(shard))
        asker.close()
    assert not [path for path in pages.rglob("*") if path.is_file() and b"sk-secret" in path.read_bytes()]


def test_identifiers_ride_beside_pages_letter_for_letter(tmp_path: Path) -> None:
    """As whoever asks about one document sends them, and links that stand nowhere on the page."""
    (tmp_path / "texts").mkdir()
    told = "Pay order ORD-482913-K [here](https://pay.example/x9). " * 9
    (tmp_path / "texts" / "a.md").write_text(told, encoding="utf-8")
    pages = draw(tmp_path / "texts", tmp_path / "pages")
    said: list[FakeRequest] = []
    with FakeVLMServer(answer=lambda request: said.append(request) or "yes") as server:  # type: ignore[func-returns-value]
        ask(pages, url=server.base_url, beside=0.5)
    assert '"ORD-482913-K"' in "".join(said[0].texts)
    assert "https://pay.example/x9" in "".join(said[0].texts)
    assert find_asked(said)
