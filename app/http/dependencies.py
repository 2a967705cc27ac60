"""The scheme by which Swagger UI's Authorize signs in, as the document names it."""

from fastapi.security import OAuth2PasswordBearer

bearer = OAuth2PasswordBearer(tokenUrl="v1/oauth/token", scheme_name="账号", auto_error=False)
