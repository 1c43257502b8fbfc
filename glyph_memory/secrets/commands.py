"""Passwords that commands are given, by the flag or the place that each has for them. Knows commands; nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.secrets.finding import SecretFinding
from glyph_memory.secrets.literals import LiteralRules, find_by_literals
from glyph_memory.secrets.looks import is_placeholder, is_strong

_VALUE = r"(?:(?P<quote>[\"'])|)(?P<secret>(?(quote)[^\"'\n]|[^\s\"'|;&<>]){4,128}+)"


def _is_password(value: str) -> bool:
    return not is_placeholder(value) and not value.startswith(("$", "-", "{", "%"))


def _make_rules(commands: str, flags: str) -> LiteralRules:
    """Return rules for commands: on the same line, behind a flag, stands a password."""
    return tuple(
        (
            command,
            re.compile(rf"(?i:{command})\w*+[^\n|;]{{0,160}}?\s(?:{flags}){_VALUE}"),
            _is_password,
        )
        for command in commands.split()
    )


_RULES: LiteralRules = (
    ("curl ", re.compile(
        r"(?i)curl\b[^\n]{0,200}?\s(?:-u|--user)[ =]{0,2}[\"']?[^\s:\"']{1,128}:(?P<secret>[^\s\"']{6,128})"),
        _is_password),
    *_make_rules("sshpass", r"-p ?"),
    *_make_rules("mysql mariadb", r"(?-i:-p)(?=[^\s])"),
    *_make_rules("redis-cli", r"-a |--pass "),
    *_make_rules("ldapsearch ldapmodify", r"(?-i:-w) ?"),
    ("zip -p", re.compile(rf"(?i:zip) -P ?{_VALUE}"), _is_password),
    *_make_rules("ssh-keygen", r"(?-i:-N) ?"),
    *_make_rules("keytool", r"-storepass |-keypass "),
    *_make_rules("smbclient", r"-U ?[\"']?[^\s%\"']{1,64}%"),
    ("docker login ", re.compile(rf"(?i)docker login\b[^\n|;]{{0,200}}?\s-p {_VALUE}"), _is_password),
    ("az login ", re.compile(rf"(?i)az login\b[^\n|;]{{0,200}}?\s(?:-p|--password) {_VALUE}"), _is_password),
    ("wandb login ", re.compile(r"(?i)wandb login (?P<secret>[0-9a-f]{40})"), _is_password),
    ("securestring ", re.compile(rf"(?i)securestring (?:-string )?{_VALUE}"), is_strong),
    ("echo ", re.compile(
        r"(?i)echo (?:-n )?[\"']?(?:\w{1,32}:(?=[^\n]{1,140}chpasswd))?(?P<secret>[^\s\"']{6,128})[\"']?"
        r" ?\| ?(?:sudo (?-i:-S)|sudo chpasswd|chpasswd|[^\n|]{1,120}--password-stdin)"), _is_password),
    ("machine ", re.compile(
        r"(?i)machine\s+\S{1,255}\s+login\s+\S{1,255}\s+password\s+(?P<secret>\S{4,255})"), _is_password),
    ("identified by ", re.compile(
        r"(?i)identified by (?P<quote>\\?[\"'])(?P<secret>[^\s,;)\"'\\][^\n\"'\\]{3,127})(?P=quote)"), _is_password),
    ("pass:", re.compile(r"pass:(?P<secret>[^\s\"':]{6,128})"), is_strong),
)  # fmt: skip


def find_commands(text: str) -> Iterator[SecretFinding]:
    """Yield the passwords that commands are given."""
    yield from find_by_literals(text, _RULES, "password", is_lower=True)
