"""The security schemes of the document: by which tokens and keys a caller authenticates."""

from typing import Any

from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlowPassword, OAuthFlows
from fastapi.security import OAuth2

TOKENS = "v1/oauth/token"
bearer = OAuth2(
    flows=OAuthFlows(
        password=OAuthFlowPassword(tokenUrl=TOKENS),
        clientCredentials=OAuthFlowClientCredentials(tokenUrl=TOKENS),
    ),
    scheme_name="account",
    description="人员用用户名和密码，系统用客户端编号和密钥，换取短期令牌",
    auto_error=False,
)
API_KEY_SCHEME = {"type": "http", "scheme": "bearer", "description": "接口密钥：Authorization: Bearer ledger_…"}


def offer_keys(document: dict[str, Any]) -> None:
    """Add to the document that every operation which takes a token takes an API key as well."""
    document["components"]["securitySchemes"]["api_key"] = dict(API_KEY_SCHEME)
    for operation in (o for path in document["paths"].values() for o in path.values()):
        if "security" in operation:
            operation["security"].append({"api_key": []})
