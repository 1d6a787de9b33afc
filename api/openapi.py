"""The OpenAPI document: our own routes only, and every error documented as problem+json."""

from typing import Any

from fastapi import FastAPI

from api.problems import MEDIA_TYPE, Problem

_MEANINGS = {
    400: "The request can't be read.",
    401: "Nobody is signed in (`not_signed_in`), or what was shown to sign in is wrong (`wrong_credentials`, …).",
    403: "The person may not do this (`not_allowed`), or the request comes from a foreign page (`wrong_origin`).",
    404: "There is no such thing, or it is not the viewer's to see (`not_found`).",
    409: "Not in the state that things are in now: somebody was faster, or something else comes first.",
    413: "The request is too large (`too_large`).",
    429: "Too many failures from this address or for this account (`try_later`); see `Retry-After`.",
    422: "A field can't be used (`invalid` and more precise codes).",
    503: "The database does not answer (`unavailable`); try again after `Retry-After` seconds.",
}
_REFERENCE = {"$ref": "#/components/schemas/Problem"}
_METHODS = ("get", "put", "post", "delete", "patch")


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the errors that it answers with."""
    return {status: {"description": _MEANINGS[status]} for status in statuses}


def install(api: FastAPI) -> None:
    """Makes the application's document say what its errors really look like."""
    plain = api.openapi

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _with_problems(plain())
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    models = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form of errors, which nobody gets here
        models.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    models.update(problem.pop("$defs"))
    models["Problem"] = problem
    for path in schema["paths"].values():
        for method in _METHODS:
            if "requestBody" in path.get(method, {}):
                path[method]["responses"].setdefault("400", {"description": ""})
            for status, response in path.get(method, {}).get("responses", {}).items():
                if status.startswith(("4", "5")):
                    response["description"] = _MEANINGS.get(int(status), response["description"])
                    response["content"] = {MEDIA_TYPE: {"schema": _REFERENCE}}
    return schema
