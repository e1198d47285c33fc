"""Bearer tokens: who a supplier is, by the word of an issuer that the operator named.

verify     a token, keys and the time → who, with which scopes; or why not (pure)
keyset     PEM files and key sets (RFC 7517) → the issuer's RSA keys (pure)
memory     what was accepted and refused lately; how often each address was refused (pure)
source     reads the files and fetches the key set, anew when it is time
door       all of it together: `Tokens`
issuer     mints tokens, for trying things out
dev        a small server that gives them away, on loopback alone
"""

from wideberth.tokens.door import Tokens, open_tokens
from wideberth.tokens.issuer import Issuer
from wideberth.tokens.verify import Bearer, Trust

__all__ = ["Bearer", "Issuer", "Tokens", "Trust", "open_tokens"]
