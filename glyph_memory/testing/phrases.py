# ruff: noqa: SIM905  one sentence a line reads better than one string literal a line
"""What is said in `agent_conversation`: sentences with blanks, by occasion.

`str.format` fills the blanks; `ORDER`, `PATH` and `LINE` are filled by whoever knows which one it is. `BLOCKS`,
`TESTS` and `LOG_LINES` are what long tool results are made of; a word in capitals there is the same word in capitals.
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
VERBS = "load merge drop count split close lock open parse price refund route send sign store trim".split()
THINGS = (
    "basket invoice parcel coupon ledger batch cursor token voucher address rate shift event page".split()
)
FIELDS = "count weight state rank total version quota depth score age width priority".split()
BLOCKS = """\
def {verb}_{thing}(rows: list[Row], *, limit: int = {n}) -> int:
    \"\"\"{Verb} what {part} holds of each {thing}; {who} asked for it in OPS-{n}.\"\"\"
    total = 0
    for row in rows[:limit]:
        if row.{field} is None or row.{field} > {n}:
            continue
        total += row.cents * row.count  # {other_verb} comes later
    return total
---
class {Thing}{Verb}Job(Worker):
    \"\"\"{Verb} every {thing} that {other} leaves behind.\"\"\"

    timeout_s = {n} / 10
    queue = "{part}.{thing}.{n}"

    def __init__(self, {other_thing}s: Store, *, {field}: int = {n}) -> None:
        self._{other_thing}s = {other_thing}s
        self._{field} = {field}

    async def run(self) -> None:
        async with self.lock("{id}"):
            while {thing} := await self.next():
                await self.{verb}({thing}, {field}=self._{field})
---
with connect("{host}") as {part}_link:
    for attempt in range({n}):
        if {part}_link.ping(timeout_s={n} / 100):
            break
        log.warning("no answer for the {thing}, attempt %d", attempt)
    else:
        raise {Thing}Timeout(f"no answer: {{{part}_link!r}}")
---
@pytest.mark.parametrize(("{thing}", "{field}"), [({n}, {n}), ({n}, {n}), (0, {n})])
def test_{verb}_{thing}({thing}: int, {field}: int) -> None:
    \"\"\"{who}: to {other_verb} must not lose the {other_thing}.\"\"\"
    with fresh_{part}() as {part}:
        {part}.{verb}({thing}, when="{time}")
        assert {part}.{field} == {field}
---
QUERY_{VERB}_{THING} = \"\"\"
SELECT {thing}.id, {thing}.{field}, sum({other_thing}.cents) AS cents
  FROM {part}_{thing} AS {thing} JOIN {other}_{other_thing} AS {other_thing} USING ({thing}_id)
 WHERE {thing}.created_at > '{time}' AND {thing}.{field} < {n}
 GROUP BY 1, 2 HAVING count(*) > {n}
\"\"\"
---
# {who}: do not {verb} before {other} has let go of the {thing}, see {commit}.
def {verb}_or_{other_verb}(self, key: str) -> {Thing}:
    try:
        return self.{verb}_{thing}(key, {field}={n})
    except ({Thing}Missing, KeyError) as error:
        self._missed["{part}"] += 1
        raise {Verb}Error(f"the {thing} {{key!r}} is gone; {other_verb} it again") from error
    finally:
        self._{field}.release()
---
{THING}_{FIELD} = {n}
{VERB}_AFTER_S = {n} * 60
{VERB}_URL = "https://{host}/{part}/{verb}?{field}={n}"
_{THING}_KEYS = frozenset({{"{thing}", "{field}", "{other_thing}", "{other_verb}"}})
---
def _{other_verb}_{other_thing}({other_thing}: {Other_thing}, *, into: {Thing}) -> {Thing}:
    left, right = sorted(({other_thing}.{field}, into.{field}))
    if right - left > {n}:
        log.info("%s grew by %d in {ms}", {other_thing}.id, right - left)
    return replace(into, {field}=right, etag="{commit}")""".split("\n---\n")
TESTS = """\
{path}::test_{verb}_{thing} PASSED
{path}::test_{verb}_{thing}_{n}_times PASSED
{path}::test_{thing}_without_{other_thing}[{n}-{field}] PASSED
{path}::Test{Thing}::test_{verb}_{n}_{other_thing}s PASSED
{path}::test_{verb}_and_{other_verb}[{part}-{n}] SKIPPED (needs {host})
{path}::test_{field}_of_{thing}_is_kept[{n}] FAILED
    DEBUG {part}.{thing}:pool.py:{n} {verb}: {n} of {n} in {ms}
    INFO {other}.{verb}:{thing}.py:{n} {field}={n} for {order}
    WARNING {part}.{other_thing}:worker.py:{n} {thing} {id} was there twice""".splitlines()
LOG_LINES = """\
{time} INFO  [{part}] {verb} {thing}={n} {field}={n} took {ms}
{time} INFO  [{other}] POST /api/v2/{thing}s/{n}/{verb} 201 {ms} request={id}
{time} INFO  [{other}] GET /api/v2/{thing}s?{field}={n}&page={n} 200 {ms}
{time} INFO  [{part}] GET /health 200 {ms}
{time} DEBUG [{part}] {{"event": "{thing}.{verb}", "{field}": {n}, "rows": {n}, "ms": {n}}}
{time} DEBUG [{other}] cache miss for {thing}:{n}:{field}, asking {host}
{time} WARN  [{part}] {n} of {n} {other_thing}s wait for {verb}; oldest {order}
{time} ERROR [{part}] {verb} failed after {ms}: {Thing}Missing({n}) request={id}
{time} ERROR [{part}]   at {part}.{thing}.{verb}_{thing} ({path}:{n})
{time} INFO  [{other}] {who} deployed {commit}
{time} DEBUG [{part}] lock {thing}/{n} taken by worker-{n}, {n} behind it""".splitlines()
