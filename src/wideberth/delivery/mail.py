"""Mail to parties, through the one server that the operator names.

In:  a mailbox, a subject, a text, an id. Out: what became of a try: a server that takes a mail has it, which is not
     that anybody read it.
Refuses: to speak in clear, unless the server is on this machine and the settings say so. The server is the operator's
word alone; a party names mailboxes, never machines.
"""

import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Final

import aiosmtplib
import structlog

from wideberth.config import Config
from wideberth.delivery.pace import Clock
from wideberth.delivery.tried import Tried, handed, lasting, passing
from wideberth.limits import MAIL_S_MAX
from wideberth.party.paths import Mail
from wideberth.space.units import us_to_time

PERMANENT: Final = 500
"""SMTP replies from here on are no (RFC 5321, 4.2.1)."""
PRIORITY: Final = ("urgent", "urgent", "urgent", "normal", "non-urgent")
"""RFC 2156, 5.3.6, by urgency."""


class Mails:
    """Sends by SMTP, a connection a mail."""

    def __init__(self, config: Config, clock: Clock) -> None:
        """What the settings say of the server."""
        self._config, self._clock = config, clock
        self._log = structlog.get_logger("wideberth.delivery")

    @property
    def offered(self) -> bool:
        """Whether the operator names a server."""
        return bool(self._config.mail_host)

    async def send(self, mail: Mail, subject: str, text: str, delivery: str, urgency: int, language: str) -> Tried:
        """One try."""
        config = self._config
        if not self.offered:
            return lasting("this node has no mail server")
        try:
            context = ssl.create_default_context(cafile=config.mail_authority) if config.mail_tls != "none" else None
            await aiosmtplib.send(
                self._message(mail, subject, text, delivery, urgency, language),
                sender=config.mail_from,
                recipients=[mail.address],
                hostname=config.mail_host,
                port=config.mail_port,
                local_hostname=config.mail_from.rpartition("@")[2],
                username=config.mail_user or None,
                password=_secret(config.mail_password),
                use_tls=config.mail_tls == "tls",
                start_tls=config.mail_tls == "starttls",
                tls_context=context,
                timeout=MAIL_S_MAX,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = error.recipients[0].code
            return lasting(f"mailbox: {code}") if code >= PERMANENT else passing(f"mailbox: {code}")
        except aiosmtplib.SMTPResponseException as error:
            self._log.warning("mail.refused", code=error.code)
            return lasting(f"mail server: {error.code}") if error.code >= PERMANENT else passing(str(error.code))
        except (aiosmtplib.SMTPException, OSError, UnicodeError) as error:
            self._log.warning("mail.unreachable", failure=type(error).__name__)
            return passing(f"mail server: {type(error).__name__}")
        return handed()

    def _message(self, mail: Mail, subject: str, text: str, delivery: str, urgency: int, language: str) -> EmailMessage:
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = self._config.mail_from, mail.address, subject
        made["Date"] = format_datetime(us_to_time(self._clock.wall_us()))
        made["Message-ID"] = f"<{delivery}@{self._config.mail_from.rpartition('@')[2]}>"
        made["Auto-Submitted"] = "auto-generated"
        made["Priority"] = PRIORITY[urgency]
        made.set_content(text)
        made["Content-Language"] = language
        return made


def _secret(path: Path | None) -> str | None:
    """Read anew each time, so that it can be exchanged while the node runs."""
    return path.read_text().strip() if path is not None else None
