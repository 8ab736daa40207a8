"""Operation tokens: the only capability that Mistral holds.

A token is a JSON Web Token (RFC 7519) signed with Ed25519 (RFC 9864). A token for "operation" names one operation: it
allows that operation's steps while the row is RUNNING. A token for "read" names an instance: the entrypoint issues it
for one request, and it allows steps that only read. A token for "schedule" names a schedule and allows its due runs.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ValidationError

from functions.base.errors import StepRefused
from functions.base.settings import require

Audience = Literal["operation", "sweep", "read", "schedule"]


class Claims(BaseModel):
    """A token's claims: `sub` is the id of what the audience names ("sweep" for the sweep), `exp` epoch seconds."""

    sub: str
    aud: Audience
    exp: int


@lru_cache(maxsize=2)
def _key(setting: str) -> OKPKey:
    return OKPKey.import_key(require(setting))


def issue(subject: str, audience: Audience, expires: datetime) -> str:
    """Return a signed token; `expires` is naive UTC."""
    claims = {"sub": subject, "aud": audience, "exp": int(expires.replace(tzinfo=UTC).timestamp())}
    return jwt.encode({"alg": "Ed25519"}, claims, _key("token_private_key"), algorithms=["Ed25519"])


def verify(authorization: str | None) -> Claims:
    """Verify an Authorization header and return the claims of its token.

    Raises:
        StepRefused: the header has no bearer token, or the token is forged or expired.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not encoded:
        raise StepRefused("an operation token is needed: Authorization: Bearer <token>")
    try:
        decoded = jwt.decode(encoded, _key("token_public_key"), algorithms=["Ed25519"])
        jwt.JWTClaimsRegistry(exp={"essential": True}).validate(decoded.claims)
        return Claims.model_validate(decoded.claims)
    except (JoseError, ValueError, ValidationError) as error:
        raise StepRefused("the operation token is not valid or has expired") from error
