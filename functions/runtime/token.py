"""Operation tokens: the one capability that Mistral holds.

A JSON Web Token (RFC 7519) signed with Ed25519 (RFC 9864), naming one operation. It is of use only while that
operation's row is RUNNING, and for nothing but what the row names. A token for "read" names an instance instead: the
entrypoint issues it for one request, and it allows steps that only look. One for "schedule" names a schedule: it lives
as long as that, and allows nothing but its runs when they are due.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ValidationError

from functions.runtime.errors import StepRefused
from functions.runtime.settings import require

Audience = Literal["operation", "sweep", "read", "schedule"]


class Claims(BaseModel):
    """What a token says: `sub` is the id of what the audience names (for the sweep "sweep"), `exp` epoch seconds."""

    sub: str
    aud: Audience
    exp: int


@lru_cache(maxsize=2)
def _key(setting: str) -> OKPKey:
    return OKPKey.import_key(require(setting))


def issue(subject: str, audience: Audience, expires: datetime) -> str:
    """Sign a token; `expires` is naive UTC as everywhere in the state."""
    claims = {"sub": subject, "aud": audience, "exp": int(expires.replace(tzinfo=UTC).timestamp())}
    return jwt.encode({"alg": "Ed25519"}, claims, _key("token_private_key"), algorithms=["Ed25519"])


def verify(authorization: str | None) -> Claims:
    """Check an Authorization header.

    Raises:
        StepRefused: there is no bearer token, or it is forged or over.
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
