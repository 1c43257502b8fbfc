"""Mails become documents: what they say, what they quote, and each file that hangs on them."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from glyph_memory.documents import Document, Limits, load
from glyph_memory.documents.formats.mail import recognizes_mail
from glyph_memory.documents.mails.headers import show_date
from glyph_memory.documents.source import open_bytes
from glyph_memory.errors import DocumentError
from tests.documents.workbooks import make_compound, make_workbook


def make_mail(body: str = "Hello.\n", *, subject: str = "Plans", html: str = "") -> EmailMessage:
    """Return a mail as programs write them."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Jürgen Groß <j@example.org>", "a@example.org, b@example.org"
    mail["Subject"], mail["Date"] = subject, "Fri, 01 Mar 2024 10:00:00 +0100"
    mail["Message-ID"] = "<1@example.org>"
    mail.set_content(body)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def read_all(mail: EmailMessage | bytes, *, depth: int = 100) -> list[Document]:
    """Load a mail from memory."""
    data = mail if isinstance(mail, bytes) else mail.as_bytes()
    return [*load(data, name="plans.eml", limits=Limits(depth=depth))]


def list_defects(documents: list[Document]) -> list[str]:
    """Return what was told, all of it."""
    return [f"{defect.kind}: {defect.message}" for document in documents for defect in document.defects]


def complain(data: bytes) -> str:
    """Return the message for a mail that cannot be read."""
    with pytest.raises(DocumentError) as caught:
        read_all(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_mail_is_its_subject_its_headers_and_its_body() -> None:
    """The date stands there as it was written and as in ISO 8601."""
    (document,) = read_all(make_mail("Dear all,\n\nit opens\nat nine.\n", subject="Größe der Straße " * 8))
    title = " ".join(["Größe der Straße"] * 8)
    assert document.title == title
    assert document.text == (
        f"{title}\n\nFrom\tJürgen Groß <j@example.org>\nTo\ta@example.org, b@example.org\n"
        "Date\tFri, 01 Mar 2024 10:00:00 +0100 (2024-03-01T10:00:00+01:00)\n\nDear all,\n\nit opens\nat nine.\n\n"
    )
    assert [block.kind for block in document.blocks] == ["heading", "table", "paragraph", "paragraph"]


def test_what_is_quoted_is_a_quote() -> None:
    """As deep as its marks say, which are no text."""
    (document,) = read_all(make_mail("Yes.\n\n> Shall we?\n>\n>> Who\n> > asks?\n\nBye\n"))
    quotes = [
        (block.quotes, document.text[block.start : block.stop].strip()) for block in document.blocks[2:]
    ]
    assert quotes == [(0, "Yes."), (1, "Shall we?"), (2, "Who\nasks?"), (0, "Bye")]


def test_flowed_lines_are_joined() -> None:
    """RFC 3676: a space at the end says that a paragraph goes on; a signature's mark does not."""
    head = b"Subject: x\nFrom: a\nContent-Type: text/plain; format=flowed\n\n"
    (document,) = read_all(head + b"one \ntwo\nthree\n-- \nme\n")
    assert document.text.endswith("one two\nthree\n-- \nme\n\n")


def test_plain_text_is_preferred_unless_it_is_empty() -> None:
    """Both say the same; HTML alone goes through its own reader."""
    (document,) = read_all(make_mail("Say it plain.\n", html="<h2>Say it</h2><p>plain</p>"))
    assert document.text.endswith("Say it plain.\n\n")
    (document,) = read_all(make_mail(" \n", html="<h2>Rich</h2><p>Some <b>bold</b> words</p>"))
    assert document.text.endswith("Rich\n\nSome bold words\n\n")
    assert [block.kind for block in document.blocks[2:]] == ["heading", "paragraph"]


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (b"=?utf-8?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        (b"=?utf-8?b?5p2x5Lqs?= =?utf-8?q?_!?=", "東京 !"),
        (b"=?utf-8?q?=E6=9D?= =?utf-8?q?=B1?=", "東"),
        (b"=?iso-8859-1*de?Q?Gr=FC=DFe?= plain", "Grüße plain"),
        (b"=?utf-8?b?broken!!?= x", "broken!! x"),
        (b"=?no-such?q?abc?=", "abc"),
        ("Größe".encode(), "Größe"),
        ("Größe".encode("latin-1"), "Größe"),
        (b"folded\n over lines", "folded over lines"),
    ],
)
def test_headers_are_decoded(header: bytes, shown: str) -> None:
    """In every spelling that mails are found in."""
    (document,) = read_all(b"From: a\nSubject: " + header + b"\n\nx\n")
    assert document.title == shown


def test_dates_that_are_none_stay_as_they_are() -> None:
    """Nothing is made up."""
    assert show_date("yesterday") == "yesterday"
    assert show_date("Fri, 99 Mar 2024 99:00:00 +0100") == "Fri, 99 Mar 2024 99:00:00 +0100"


@pytest.mark.parametrize(
    ("charset", "data", "told"),
    [
        ("utf-8", "Größe".encode(), ""),
        ("iso-8859-1", "Größe".encode("latin-1"), ""),
        (
            "us-ascii",
            "Größe".encode(),
            "guessed: a part is said to be in 'us-ascii'; it is UTF-8 and read as that",
        ),
        (
            "utf-8",
            "Größe".encode("latin-1"),
            "guessed: a part is not in 'utf-8', as it says; it is read as 'cp1252'",
        ),
        (
            "no-such",
            "Größe".encode("latin-1"),
            "guessed: a part is not in 'no-such', as it says; it is read as 'cp1252'",
        ),
        ("shift_jis", "東京".encode("shift_jis"), ""),
    ],
)
def test_a_charset_that_lies_is_told(charset: str, data: bytes, told: str) -> None:
    """The text is right all the same."""
    head = f"From: a\nSubject: x\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    documents = read_all(head.encode() + data)
    assert documents[0].text.endswith(("Größe\n\n", "東京\n\n"))
    assert list_defects(documents) == ([told] if told else [])


def test_attachments_are_documents_of_their_own() -> None:
    """Their places name them, and the cells in them."""
    mail = make_mail()
    mail.add_attachment(
        make_workbook({"S": {(0, 0): "oak", (0, 1): 12}}),
        maintype="application",
        subtype="x",
        filename="größe.xlsx",
    )
    mail.add_attachment("a,b\n1,2\n", subtype="csv", filename="../../t.csv")
    first, book, table = read_all(mail)
    assert (first.title, book.title, table.title) == ("Plans", "Plans — größe.xlsx — S", "Plans — t.csv")
    ((start, stop),) = book.locate(file="größe.xlsx", sheet="S", cell="B1")
    assert book.text[start:stop] == "12"
    assert [str(place) for place in table.trace(4, 5)] == ["file 't.csv', cell A2, line 2"]


def test_attachments_that_cannot_be_read_are_told() -> None:
    """By name, kind and size; those after them are read."""
    mail = make_mail()
    mail.add_attachment(b"\x89PNG\r\n\x1a\n" + bytes(92), maintype="image", subtype="png", filename="p.png")
    mail.add_attachment(b"", maintype="application", subtype="pdf", filename="void.pdf")
    mail.add_attachment("text\n", filename="t.txt")
    documents = read_all(mail)
    assert [document.title for document in documents] == ["Plans", "Plans — t.txt"]
    told = list_defects(documents)
    assert told[0].startswith(
        "left out: the attachment 'p.png' (image/png, 100 bytes) is not read: 'p.png' is a PNG"
    )
    assert (
        told[1] == "left out: the attachment 'void.pdf' (application/pdf, 0 bytes) is not read: it is empty"
    )


def test_pictures_that_a_body_shows_are_part_of_it() -> None:
    """By their `Content-ID`; they are no attachments then."""
    mail = make_mail(" ", html='<p>Look: <img src="cid:logo@x" alt="Logo"></p>')
    payload = mail.get_payload()
    assert isinstance(payload, list)
    rich = payload[1]
    assert isinstance(rich, EmailMessage)
    rich.add_related(b"\x89PNG\r\n\x1a\n" + bytes(9), "image", "png", cid="<logo@x>")
    documents = read_all(mail)
    assert "Logo" in documents[0].text
    assert not any("attachment" in defect for defect in list_defects(documents))


def test_mails_in_mails_are_read() -> None:
    """A forwarded one is a document, and so is what hangs on it."""
    inner = make_mail("Inside.\n", subject="Old plans")
    inner.add_attachment("deep\n", filename="deep.txt")
    outer = make_mail()
    outer.add_attachment(inner)
    documents = read_all(outer)
    assert [document.title for document in documents] == ["Plans", "Old plans", "Old plans — deep.txt"]
    assert "Inside." in documents[1].text


def test_mails_nested_deeper_than_the_limit_are_told() -> None:
    """Each of them would be read inside the other."""
    mail = make_mail("End.\n")
    for _ in range(6):
        outer = make_mail()
        outer.add_attachment(mail)
        mail = outer
    documents = read_all(mail, depth=3)
    assert len(documents) == 3
    assert any("nested deeper than Limits.depth" in told for told in list_defects(documents))


@pytest.mark.parametrize("kind", ["multipart/mixed; boundary=b%d", "message/rfc822"])
def test_nesting_without_end_is_an_error_of_ours(kind: str) -> None:
    """Five thousand parts within parts, of either kind."""
    body = b"Content-Type: text/plain\n\nx\n"
    for number in range(5_000):
        edge = b"--b%d\n" % number if "%d" in kind else b""
        body = b"Content-Type: " + (kind % number if "%d" in kind else kind).encode() + b"\n\n" + edge + body
    assert "nested too deep" in complain(b"From: a\nSubject: x\n" + body)


def test_parts_without_number_are_refused() -> None:
    """A hundred thousand of two bytes each."""
    head = b"From: a\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
    assert "is no mail that a program wrote" in complain(head + b"--b\n\nx\n" * 100_000)


def test_a_mail_of_headers_alone_is_read() -> None:
    """Many of them, and long ones."""
    head = b"".join(b"X-%d: v\n" % number for number in range(20_000)) + b"To: " + b"a@example.org, " * 20_000
    (document,) = read_all(head + b"\nSubject: " + b"=?utf-8?q?a?= " * 20_000 + b"\n\nbody\n")
    assert document.text.endswith("body\n\n")
    assert document.title.startswith("aaaa")


def test_broken_mime_is_told() -> None:
    """What is there is read."""
    documents = read_all(b"From: a\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ncut off")
    assert "cut off" in documents[0].text
    assert list_defects(documents) == ["damaged: the mail breaks the rules of MIME: close boundary not found"]


def test_signatures_and_encrypted_parts_are_told() -> None:
    """Neither is checked or opened."""
    signed = b"From: a\nSubject: x\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nSigned words.\n--b\n"
    documents = read_all(signed + b"Content-Type: application/pgp-signature\n\nxyz\n--b--\n")
    assert "Signed words." in documents[0].text
    assert list_defects(documents) == [
        "left out: the mail is signed (application/pgp-signature); the signature is not checked"
    ]
    sealed = b"From: a\nSubject: x\nContent-Type: application/pkcs7-mime; name=smime.p7m\n\nxyz\n"
    assert "encrypted or sealed" in list_defects(read_all(sealed))[0]


def test_what_has_no_headers_is_no_mail() -> None:
    """Whatever its name says."""
    assert "has no headers" in complain(b"\nJust words.\n")


def test_outlooks_own_format_is_refused_with_a_hint() -> None:
    """The library that reads it is under the GPL."""
    with pytest.raises(DocumentError, match=r"save it as \.eml"):
        list(load(make_compound({"__properties_version1.0": b"x"}), name="plans.msg"))


def test_mails_without_a_name_are_known_by_their_headers() -> None:
    """Other files have headers, too."""
    assert recognizes_mail(open_bytes(make_mail().as_bytes(), ""))
    assert not recognizes_mail(open_bytes(b"Name: x\nVersion: 1\nSubject: y\n\nText\n", ""))
    assert not recognizes_mail(open_bytes(make_mail().as_bytes(), "", name="a.txt"))


def test_addresses_of_links_are_read_with_them() -> None:
    """A plain text spells them out, the HTML has them behind its words: nothing is lost."""
    html = "<p>Our oak boards are <a href='https://a.example/x?y=1'>20% off</a> in all of May.</p>"
    (document,) = read_all(make_mail("Oak boards: https://a.example/x?y=1\n", html=html))
    assert "in all of May" in document.text
    assert not [one for one in list_defects([document]) if "not in its HTML" in one]


def test_without_structure_it_is_text() -> None:
    """Letter for letter."""
    data = make_mail().as_bytes()
    (document,) = load(data, name="plans.eml", structure=False)
    assert document.text == data.decode()


def test_html_is_read_where_the_plain_text_is_a_stub() -> None:
    """Words of either version that are not read are told."""
    stub = "Your mail program cannot show HTML.\n"
    (document,) = read_all(make_mail(stub, html="<p>Total due: <b>4711 EUR</b></p>"))
    assert document.text.endswith("Total due: 4711 EUR\n\n")
    assert list_defects([document]) == [
        "guessed: the body is read from its HTML, which has words that its plain text lacks: total, due, 4711, eur",
        "left out: words of the body's plain text that are not in its HTML are not read: "
        "your, mail, program, cannot, show, html",
    ]


def test_a_few_words_that_the_html_has_alone_are_told() -> None:
    """One in a hundred does not make the plain text a stub."""
    words = " ".join(f"word{n}" for n in range(99))
    (document,) = read_all(make_mail(words, html=f"<p>{words} <a href='x'>Unsubscribe</a></p>"))
    assert "word98" in document.text
    assert list_defects([document]) == [
        "left out: words of the body's HTML that are not in its plain text are not read: unsubscribe"
    ]


def test_what_stands_among_versions_of_a_body_is_not_lost() -> None:
    """A file that a mail program puts beside the HTML, and a calendar's entry."""
    mail = make_mail("Same.\n", html="<p>Same.</p>")
    page = [*mail.iter_parts()][1]
    assert isinstance(page, EmailMessage)
    page.add_related("cell\n", subtype="csv", filename="a.csv")
    entry = EmailMessage()
    entry.set_content("BEGIN:VCALENDAR\n", subtype="calendar")
    mail.attach(entry)
    texts = [document.text for document in read_all(mail)]
    assert len(texts) == 3
    assert ("cell" in texts[1], "VCALENDAR" in texts[2]) == (True, True)


def test_a_report_of_a_server_is_read() -> None:
    """What was not delivered, to whom, and why: headers without a body."""
    data = (
        b"From: MAILER-DAEMON@b\nContent-Type: multipart/report; boundary=B\n\n--B\n\nIt failed.\n\n--B\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nStatus: 5.1.1\nDiagnostic-Code: 550 "
        b"NOSUCHUSER\n\n--B\nContent-Type: message/external-body; access-type=URL; URL='http://x/'\n\n"
        b"Content-Type: application/pdf\n\n\n--B--\n"
    )
    (document,) = read_all(data)
    assert (
        "It failed.\n\nReporting-MTA\tdns; mx\nStatus\t5.1.1\nDiagnostic-Code\t550 NOSUCHUSER"
        in document.text
    )
    assert "http://x/" in document.text
    assert document.defects == ()


def test_headers_that_are_not_read_are_named() -> None:
    """Who sent it for whom, and what it is about, are read; what programs tell each other is not."""
    (document,) = read_all(
        b"From: a\nSender: b\nOrganization: c\nApproved: d\nX-Mailer: e\nReceived: f\nMIME-Version: 1.0\n\nbody\n"
    )
    assert "Sender\tb\nOrganization\tc\n" in document.text
    assert list_defects([document]) == ["left out: headers of the mail that are not read: Approved"]


def test_text_around_the_parts_is_told() -> None:
    """But for the sentence that programs put there."""
    body = b"From: a\nContent-Type: multipart/mixed; boundary=B\n\n%s\n--B\n\nbody\n--B--\n%s\n"
    usual = read_all(body % (b"This is a multi-part message in MIME format.", b""))
    assert list_defects(usual) == []
    told = list_defects(read_all(body % (b"secret", b"footer")))
    assert told == [
        "left out: text before the first part is not read: 'secret'",
        "left out: text after the last part is not read: 'footer'",
    ]


def test_a_mailbox_is_read_mail_by_mail() -> None:
    """A line that begins with "From" within a text ends no mail."""
    one = b"From a@b Fri Mar  1 10:00:00 2024\nFrom: a@b\nSubject: %s\n\nFrom here on.\n\nFrom 2024 on: it goes on.\n\n"
    for name in ("in.mbox", "", "saved"):
        documents = [*load(one % b"First" + one % b"Second", name=name)]
        assert [document.title for document in documents] == ["First", "Second"]
        assert documents[1].text.endswith("From here on.\n\nFrom 2024 on: it goes on.\n\n")
        assert str(documents[1].trace(0, 3)[0]) == "file 'mail 2'"


def test_a_mailbox_escapes_what_looks_like_a_beginning() -> None:
    """One `>` before `From ` is not of the mail; any other is."""
    head = b"From a@x Mon Jan  1 10:00:00 2024\nFrom: a@x\nSubject: one\n\n"
    [document] = load(head + b">From here on.\n> From\n>>From \n>Fromage\n", name="in.mbox")
    shown = [(document.text[one.start : one.stop].strip(), one.quotes) for one in document.blocks[-4:]]
    assert shown == [("From here on.", 0), ("From", 1), ("From", 2), ("Fromage", 1)]
