"""The scheme by which Swagger UI's Authorize signs in, as the document names it."""

from fastapi.security import OAuth2PasswordBearer

bearer = OAuth2PasswordBearer(
    tokenUrl="v1/oauth/token", scheme_name="account", description="用户名和密码，换取短期令牌", auto_error=False
)
