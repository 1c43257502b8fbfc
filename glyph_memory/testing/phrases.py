# ruff: noqa: SIM905  one sentence a line reads better than one string literal a line
"""What is said in `agent_conversation`: sentences with blanks, by occasion.

`str.format` fills the blanks; `ORDER`, `PATH` and `LINE` are filled by whoever knows which one it is.
"""

from __future__ import annotations

PARTS = "checkout billing catalogue search stock mailer sessions gateway reports auth".split()
NAMES = "retry totals importer cursor webhook locks rounding cache schema export".split()
PEOPLE = "Ada, Jürgen, Siobhán, Nguyễn Thị Mai, Łukasz, Zoë, Πηνελόπη, the night shift".split(", ")
WHEN = "since this morning, once an hour, on staging alone, after every deploy, at random".split(", ")
REPORTS = """\
The {part} service has been failing {when}. Can you find out why?
{who} saw {n} timeouts in {part} {when}; the slowest took {ms}. Have a look, please.
Could you check {part}? Request {id} never came back, and {who} is waiting for it.
Since commit {commit} the tests of {part} are red {when}.
A customer was charged twice for {order}. I suspect {name} in {part}, but I may be wrong.
Why does {host} use {n} MB more than last week? Nothing in {part} has changed that I know of.
Please look at {part} before the release: {who} thinks that {name} drops one row in {n}.""".splitlines()
LOOKING = """\
I will look at the {part} side first, then at what calls it.
That sounds like {name}. Let me see what it did last.
Two things could cause this, and the cheaper one to rule out is {name}.
Let me reproduce it before I guess.
I remember a change by {who} near there. Checking.
Looking now; {host} answered in {ms} a minute ago, so it is up.""".splitlines()
FINDINGS = """\
The errors begin at {host}, always in {name}.
{n} of them name {other}, which is not where I expected them.
Most of it is noise; the line that matters comes from {part}. How is its host?
They stop for {ms}, then come back all at once.""".splitlines()
CAUSES = """\
The {part} pool hands out connections that {host} has already closed.
It is {name}: it counts from one where {other} counts from zero.
Two workers take lock {id} in a different order, so they wait for each other {when}.
Nothing is broken; a batch of {n} rows simply takes {ms} now, and the limit is lower than that.
The clock of {host} is {n} seconds ahead, which makes every token look expired.
An empty answer from {other} is kept by {name} for {n} minutes as if it were a real one.""".splitlines()
COMMITS = """\
Fixed in {commit}; the tests pass.
I have a patch on branch fix/{name}-{n}, for {who} to review.
I would rather not change it before the release. Shall I open a ticket?
Reverted {commit}, which brought it in.""".splitlines()
CODE = """\
def {name}(rows: list[Row], *, limit: int = {n}) -> int:
    total = 0
    for row in rows[:limit]:
        total += row.cents * row.count
    return total  # {who}: what about refunds?
---
class {name}Worker(Worker):
    timeout_s = {n} / 10

    async def run(self) -> None:
        async with self.lock("{id}"):
            await self.drain()
---
with connect("{host}") as link:
    for attempt in range({n}):
        if link.ping():
            break
    else:
        raise TimeoutError(f"no answer: {{link!r}}")""".split("\n---\n")
TRACES = """\
Traceback (most recent call last):
  File "PATH", line LINE, in {name}
    link = pool.get(key)
  File "src/shared/pool.py", line {n}, in get
    return self._open[key]
KeyError: '{id}'
1 failed in {ms}
---
FAILED PATH::test_{name} - AssertionError: assert {n} == 0
E    where {n} = len(rows)
---
PATH:LINE: RuntimeWarning: coroutine '{name}' was never awaited
{n} passed, 1 warning in {ms}""".split("\n---\n")
LOGS = """\
{time} ERROR [{other}] {name} failed: timeout after {ms} request={id}
{time} INFO  [{other}] GET /api/v2/{name}?page={n} 200 {ms} request={id}
{time} WARN  [{other}] retry {n} for {order}: upstream {host} reset the connection
{time} DEBUG [{part}] {{"event": "{name}", "rows": {n}, "etag": "{commit}"}}""".splitlines()
LETTERS = """\
“Wo bleibt meine Bestellung ORDER? Bitte prüfen Sie das, schöne Grüße” — what do I tell them?
A customer writes: «¿Dónde está mi pedido ORDER? Lo pagué el día {n}.» Where is it?
“Заказ ORDER пришёл разбитым.” Please find out who packed it, {who} wants to know.
They ask about ORDER: «Je n’ai reçu que la moitié, à Orléans.» Is the rest on its way?
{who} needs the checksum of ORDER’s invoice. The total should be about {n} €.""".splitlines()
FACTS = """\
the address of {part} = {host}
the ticket for {name} in {part} = OPS-{n}{n}
the deploy key of {part} = {commit}
the person who signs off {name} = {who}
the order to test {part} with = {order}
the id of the {name} experiment = {id}""".splitlines()
