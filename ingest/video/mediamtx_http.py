"""What MediaMTX asks before it lets anybody in (`authMethod: http`): only we may read or configure, and nobody may
publish."""

import secrets

from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict

from ingest.video.mediamtx import USER

PATH = "/v1/video/mediamtx/auth"
_ALLOWED = frozenset({"read", "api"})


class Question(BaseModel):
    """The fields of MediaMTX's question that matter; it sends more, and new versions may add others."""

    model_config = ConfigDict(extra="ignore")
    user: str = ""
    password: str = ""
    action: str = ""


def mount(api: FastAPI, password: str) -> None:
    """Adds the address, which answers 204 for yes and 401 for no, and tells nobody else that it is there."""

    async def may(question: Question) -> Response:
        is_us = secrets.compare_digest(question.user.encode(), USER.encode())
        is_right = secrets.compare_digest(question.password.encode(), password.encode())
        return Response(status_code=204 if is_us and is_right and question.action in _ALLOWED else 401)

    api.add_api_route(PATH, may, methods=["POST"], include_in_schema=False)
