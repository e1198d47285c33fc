"""Webhooks of parties: JSON by POST over a vetted, pinned line, signed by the node (RFC 9421).

In:  an address, a body, the id of what it brings. Out: what became of a try; any 2xx is a yes.
Refuses: addresses that are not public (unless the operator lets them), and those where nobody has said that they want
to hear from the node: below the address, `/.well-known/wideberth-challenge?nonce=N` answers with the nonce.
"""

from collections.abc import Callable
from typing import Final

from wideberth.delivery.challenge import Challenges, Later
from wideberth.delivery.destination import Address, Fault, Vetting, read_address
from wideberth.delivery.line import Reply, Request, Way
from wideberth.delivery.pace import Clock, retry_after_us
from wideberth.delivery.tried import Tried, handed, lasting, of_fault, of_status, passing
from wideberth.limits import DELIVERY_RETRY_AFTER_S_MAX, WEBHOOK_ANSWER_BYTES_MAX
from wideberth.party.http_signature import Signer, signed_headers
from wideberth.party.paths import Webhook
from wideberth.refusal import Refusal

MANAGER: Final = "party:{}"
"""On whose word an address is asked and looked up; no supplier has such a name."""


class Webhooks:
    """Sends to webhooks."""

    def __init__(
        self,
        way: Way,
        vetting: Vetting,
        challenges: Challenges,
        clock: Clock,
        signer: Signer,
        nonce: Callable[[], str],
        *,
        http: bool = False,
    ) -> None:
        """`signer`: by the node's key. `http`: whether the operator lets addresses be without TLS."""
        self._way, self._vetting, self._challenges, self._clock = way, vetting, challenges, clock
        self._signer, self._nonce, self._http = signer, nonce, http

    async def send(self, webhook: Webhook, body: bytes, party: str, delivery: str) -> Tried:
        """One try, signed now."""
        address = read_address(webhook.url, self._http)
        if isinstance(address, Refusal):
            return lasting(address.limit)
        manager = MANAGER.format(party)
        pin = await self._vetting.pin(address, manager)
        if isinstance(pin, Fault):
            return of_fault(pin)
        pending = await self._challenges.pending(manager, address, pin, None)
        if isinstance(pending, Fault):
            return of_fault(pending)
        if isinstance(pending, Later):
            return passing("challenge", max(0, pending.at_us - self._clock.mono_us()))
        answer = await self._way.exchange(pin, self._request(address, body, delivery))
        if not isinstance(answer, Reply):
            return of_fault(answer)
        if 200 <= answer.status < 300:
            return handed()
        asked = answer.headers.get("retry-after", "")
        return of_status(answer.status, retry_after_us(asked, self._clock.wall_us(), DELIVERY_RETRY_AFTER_S_MAX))

    def _request(self, address: Address, body: bytes, delivery: str) -> Request:
        target = address.target("")
        now_s = self._clock.wall_us() // 1_000_000
        url = address.origin + target
        headers = signed_headers(self._signer, "POST", url, body, delivery=delivery, now_s=now_s, nonce=self._nonce())
        return Request("POST", address.authority, target, headers, body, WEBHOOK_ANSWER_BYTES_MAX)
