"""What is found, and what is left alone: known answers for every rule."""

from __future__ import annotations

import json

import pytest

from glyph_memory import RuleFinder
from glyph_memory.secrets.token_rules import TOKEN_RULES
from glyph_memory.testing import agent_conversation
from lib.secret_cases import secret_cases
from lib.secret_held_out import held_out_near_misses, held_out_secrets

FINDER = RuleFinder()
KEY = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *["MIIEpAIBAAKCAQEA7bq4Q9c1".ljust(64, "x")] * 3, "abcd==",
                 "-----END RSA PRIVATE KEY-----"])  # fmt: skip
BODY = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"


def found(text: str) -> list[tuple[str, str]]:
    """Return kind and text of everything that is found."""
    return [(one.kind, text[one.start : one.end]) for one in FINDER.find(text)]


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("aws-key", "AKIAIOSFODNN7EXAMPLE"),
        ("github-token", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
        ("github-token", f"github_pat_{BODY}"),
        ("gitlab-token", "glpat-a1B2c3D4e5F6g7H8i9J0"),
        ("slack-token", "xoxb-123456789012-1234567890123-a1B2c3D4e5F6g7H8i9J0k1L2"),
        ("google-key", "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"),
        ("openai-key", "sk-proj-abc123DEF456ghi789"),
        ("anthropic-key", "sk-ant-api03-a1B2c3D4e5F6g7H8i9J0"),
        ("huggingface-token", "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"),
        ("stripe-key", "sk_live_a1B2c3D4e5F6g7H8"),
        ("npm-token", "npm_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"),
        ("pypi-token", f"pypi-AgEIcHlwaS5vcmcCJ{BODY}"),
        ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"),
        ("sendgrid-key", "SG.a1B2c3D4e5F6g7H8i9J0k1.a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V"),
        ("private-key", KEY),
        ("private-key", json.dumps(KEY)[1:-1]),
        ("private-key", KEY.replace("\n", "\n    ")),
        ("card", "4111 1111 1111 1111"),
        ("card", "5555555555554444"),
        ("card", "3782 822463 10005"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "GB82WEST12345698765432"),
    ],
)
@pytest.mark.parametrize("place", ["{}", "It is {}, he said.", '"{}"', "a\\n{}\\nb", "`{}`", "x\n{}\ny"])
def test_what_has_a_format_is_found_wherever_it_stands(kind: str, secret: str, place: str) -> None:
    """The whole of it, and nothing beside it."""
    assert found(place.format(secret)) == [(kind, secret)]


def test_a_key_that_is_cut_off_is_found_to_its_end() -> None:
    """As where a log or a tool's result was shortened."""
    cut = KEY[: len(KEY) // 2]
    assert found(f"$ cat key.pem\n{cut}") == [("private-key", cut)]
    assert found(f"{cut}\n\nAnd then it broke.") == [("private-key", cut)]


def test_every_service_has_a_token_that_is_found() -> None:
    """No rule is there that finds nothing."""
    digits = "0123456789abcdef"
    bodies = [
        BODY * 2, digits * 2, digits * 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 2, "A" * 16, f"pt_{digits * 2}",
        f"services/T0A1B2C3D/{BODY}", f"{BODY[:32]}_0123abcd", f"{BODY[:24]}-{BODY[:34]}",
        BODY[:27].upper(), f"a1B2c3D4.eyJzdWIiOiIxMjM0In0.{BODY}",
        f"{BODY[:22]}.{BODY}", BODY[:35], "234567ABCDEFGHIJ",
        (BODY * 2)[:43], f"{digits[:8]}-0123-4567-89ab-{digits[:12]}", f"{BODY[:14]}.{digits * 4}", BODY * 3, BODY[:20],
        f"{BODY[:8]}_{BODY[:24]}", f"{digits * 2}{digits[:8]}", digits * 3, f"{digits * 4}-{BODY[:16]}",
        f"{BODY}.{BODY}",
    ]  # fmt: skip
    for rule in TOKEN_RULES:
        before = "12345678" if rule.literal == ":AA" else " "
        texts = [f"{before}{rule.literal}{body} " for body in bodies]
        assert rule.kind in {kind for text in texts for kind, _ in found(text)}, rule.literal


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("export DB_PASSWORD=hunter2", "hunter2"),
        ("password: 's3cret-4711'", "s3cret-4711"),
        ('{"user": "ada", "password": "letmein"}', "letmein"),
        ('{\\"password\\": \\"hunter2\\"}', "hunter2"),
        ("My password is hunter2.", "hunter2"),
        ("The password for ci is 4711-B, keep it", "4711-B"),
        ("mysql --password hunter2 shop", "hunter2"),
        ("<password>hunter2</password>", "hunter2"),
        ("settings['DB_PASSWORD'] = 'hunter2'", "hunter2"),
        ('password: str = "hunter2"', "hunter2"),
        ("?user=ada&password=hunter2&next=home", "hunter2"),
        ("postgres://ada:hunter2@db/shop", "hunter2"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("curl -s -u ada:hunter2 https://ci.example.com", "hunter2"),
        (
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
        ("x-api-key: 9f8e7d6c5b4a39281706", "9f8e7d6c5b4a39281706"),
        ("Authorization: Bearer abc123def456ghi789", "abc123def456ghi789"),
        (
            "Authorization: Splunk c486da56-3dd6-bb02-0d89-e56a37351aa5",
            "c486da56-3dd6-bb02-0d89-e56a37351aa5",
        ),
        ('"auth": "YWRhOmh1bnRlcjI="', "YWRhOmh1bnRlcjI="),
        ("git clone https://a1B2c3D4e5F6g7H8i9J0k1L2@git.example.com/a.git", "a1B2c3D4e5F6g7H8i9J0k1L2"),
        ("**Password:** `harbor42`", "harbor42"),
        ("I changed the password to harbor42 today", "harbor42"),
        ("log in as ada with password harbor42", "harbor42"),
        ("CREATE USER ada PASSWORD 'harbor42';", "harbor42"),
        ('{"name": "DB_PASSWORD", "value": "harbor42"}', "harbor42"),
        ("- name: DB_PASSWORD\n  value: harbor42", "harbor42"),
        ('props.set("mail.password", "harbor42")', "harbor42"),
        ("DB_PASS=harbor42", "harbor42"),
        ("ADMIN_PW=harbor42", "harbor42"),
        ("API_TOKEN=abc.defghijklmn12op34q", "abc.defghijklmn12op34q"),
        ("machine git.example.com login ada password hunter2", "hunter2"),
        ("sshpass -p 'hunter2' ssh ada@ci", "hunter2"),
        ("mysql -u ada -phunter2 shop", "hunter2"),
        ("echo hunter2 | sudo -S reboot", "hunter2"),
        ("echo hunter2 | docker login -u ada --password-stdin", "hunter2"),
        ("Cookie: theme=dark; sessionid=a1b2c3d4e5f6g7h8i9j0", "a1b2c3d4e5f6g7h8i9j0"),
        ('{"password": "P@ss w0rd!"}', "P@ss w0rd!"),
        ('{"password": "Winter 2024"}', "Winter 2024"),
        ('password="correcthorse"', "correcthorse"),
        ("password: |\n  Tr0ub4dor&3\nuser: ada", "Tr0ub4dor&3"),
        ("CREATE USER ada IDENTIFIED BY 'harbor42'", "harbor42"),
        ("secret_key_base: 9f8e7d6c5b4a3928a1b2", "9f8e7d6c5b4a3928a1b2"),
        ("4111\u00a01111\u00a01111\u00a01111", "4111\u00a01111\u00a01111\u00a01111"),
        ("Das Passwort lautet harbor42.", "harbor42"),
        ("Das Kennwort für den Server ist harbor42", "harbor42"),
        ("La contraseña es harbor42.", "harbor42"),
        ("le mot de passe : « harbor42 »", "harbor42"),
        ("密码是harbor42，请保密。", "harbor42"),
        ("пароль от сервера — harbor42", "harbor42"),
        ("パスワードは harbor42 です", "harbor42"),
        ("Your verification code is 920199", "920199"),
        ("my pin is 2393", "2393"),
        (
            'seed phrase: "border sable linen circle hollow ledger pepper desert nickel forest indigo mosaic"',
            "border sable linen circle hollow ledger pepper desert nickel forest indigo mosaic",
        ),
        ("Product key: 8BW24-SV465-JNRKK-LCQG5-M5B7S", "8BW24-SV465-JNRKK-LCQG5-M5B7S"),
        ('{"Authorization": "Basic YWRhOmh1bnRlcjI="}', "YWRhOmh1bnRlcjI="),
    ],
)
def test_what_stands_behind_a_telling_name_is_found(text: str, secret: str) -> None:
    """In code, JSON, YAML, shells, addresses, headers and sentences."""
    assert [one for _, one in found(text)] == [secret]


@pytest.mark.parametrize(
    "text",
    [
        "password = get_password()", "password = config.db.password2", "api_key=None", "password: str", "token: Token2",
        'password = os.environ["DB_PASSWORD"]', "password=$DB_PASSWORD", "password=${DB_PASSWORD}",
        "password: <password>",
        'password = "********"', "api_key: your-api-key-123", '"password": "string"', "max_tokens: 4096",
        "token_id=128001",
        "The password is required.", "the password is 8 characters long", "password is sha256-hashed",
        "pwd=/home/ada/2025",
        '"nextPageToken": "eyJhIjoxMjM0NTY3ODkwfQ"', "tests/test_token.py::TestToken::test_432_tokens",
        "passwordless2=true",
        "-----BEGIN RSA PRIVATE KEY-----", '"-----BEGIN PRIVATE KEY-----\\n...\\n-----END PRIVATE KEY-----"',
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:shop-a1b2c3", "sk-folding-cube-animation-spin-delay",
        "4111 1111 1111 1112", "1741000442123456789", "0.4111111111111111", "tel +4915112345678", "4006381333931",
        "4def1b57-8edb-488d-9c54-792487756a5b", "https://shop.example/a:b@c", "docker run -u 1000:1000 shop",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "DE89 3704 0044 0532 0130 01", "ghp_" + "x" * 36,
        "mongodb+srv://<user>:<password>@cluster0.example.net", "redis://:%s@%s:%d/0", "password authentication failed",
        "Failed password for root from 10.0.0.7 port 51022", "PASS: test_login_2024",
        "pass: 128 tests", "the password v2 form",
        "La clave es practicar 30 minutos.", "Le mot de passe doit contenir 8 signes.", "密码错误2次",
        "the pin is 17",
        "token sha256 4def1b578edb488d9c54792487756a5b4def1b578edb488d9c54792487756a5b",
        "session_id=4def1b57-8edb-488d-9c54",
        'names = ["password", "username2"]',
        'getattr(reply, "token", "v1.2.3")', "set password to null", "or pass force_zip64=True",
        "key: ed25519.Ed25519PrivateKey, n: int", "private_key: ed25519.Ed25519PrivateKey",

        '"auth": "eyJhbGciOiJIUzI1NiJ9"', "https://4def1b57.example.com/@ada/123",
        "Authorization: Bearer <token>", "Authorization: Bearer $TOKEN",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_secret_is_left_alone(text: str) -> None:
    """Variables, calls, placeholders, labels, paths, page marks, hashes, numbers without a checksum."""
    assert found(text) == []


def test_an_agent_at_work_says_no_secrets() -> None:
    """Thousands of identifiers, hashes and numbers, and none is taken for one."""
    text = "\n".join(turn.full_text for turn in agent_conversation(turns=600, tool_lines=30, seed=7))
    assert len(text) > 300_000
    assert found(text) == []


def test_the_set_that_was_held_out_stays_found() -> None:
    """It was held out until the rules were mended by it; the documentation has the figure from before."""
    cases = held_out_secrets(each=1)
    assert len(cases) > 300
    assert all(case.text.count(case.secret) for case in cases)
    whole = [any(case.secret in one for _, one in found(case.text)) for case in cases]
    assert sum(whole) > 0.9 * len(cases)
    near = held_out_near_misses()
    assert len(near) > 150
    assert sum(bool(found(text)) for _, text in near) <= 3


def test_labelled_secrets_are_found_whole() -> None:
    """All but a few of those that have a format or a telling name; none beside them."""
    cases = [case for case in secret_cases(each=5) if not case.kind.startswith("hard")]
    whole = [(case.secret in [one for _, one in found(case.text)]) for case in cases]
    assert sum(whole) > 0.97 * len(cases)
    assert all(
        secret in case.secret or case.secret in secret for case in cases for _, secret in found(case.text)
    )


@pytest.mark.parametrize(
    "unit",
    [
        "a", "-", "1", "4", "4111 ", "password=", 'password="', "token ", "sk-", "-eyJaaaaaaaa", "://a:", "curl -u a:",
        "\\",
        "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----" + " " * 99, "DE89 3704 ",
        "password for a b c d is ",
        "password" + "\\" * 99, "[secret ", 'password="\\"',
    ],
)  # fmt: skip
def test_no_input_takes_longer_than_in_proportion(unit: str) -> None:
    """A megabyte of what would trap a pattern that goes back: it ends, where one that is quadratic would take hours."""
    text = unit * (1_000_000 // len(unit))
    assert all(0 <= found.start < found.end <= len(text) for found in FINDER.find(text))
