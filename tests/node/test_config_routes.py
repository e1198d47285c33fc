"""Settings of mail and push."""

from typing import Any

import pytest

from wideberth.config import Config, read_config
from wideberth.refusal import Refusal

MAIL = {"folder": "x", "mail_host": "mail.example", "mail_from": "node@theatre.example"}


def test_mail_is_by_starttls_unless_said_otherwise() -> None:
    """Only on loopback may it go in clear."""
    config = read_config(MAIL)
    assert isinstance(config, Config)
    assert (config.mail_tls, config.mail_port) == ("starttls", 587)
    assert isinstance(read_config({**MAIL, "mail_host": "127.0.0.1", "mail_tls": "none"}), Config)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"mail_tls": "none"}, "mail_tls"),
        ({"mail_host": "smtp://mail.example"}, "mail_host"),
        ({"mail_from": "nobody"}, "mail_from"),
        ({"mail_from": "a@b.example\r\nBcc: all@b.example"}, "mail_from"),
        ({"mail_port": 0}, "mail_port"),
        ({"mail_user": "node"}, "mail_password"),
        ({"mail_password": "file"}, "mail_password"),
        ({"push_contact": "duty"}, "push_contact"),
        ({"push_hosts": ["https://push.example"]}, "push_hosts"),
    ],
)
def test_half_a_mail_server_is_refused(told: dict[str, Any], field: str) -> None:
    """At the start, with a sentence that names the setting."""
    config = read_config({**MAIL, **told})
    assert isinstance(config, Refusal)
    assert config.field == f"config.{field}"
