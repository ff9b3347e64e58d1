"""One HTTP client for all that the Lambdas fetch: bounded in time, bytes and tries, and silent about secrets."""

from lambdas.http.client import Http, Limits
from lambdas.http.errors import FetchError, FetchFailedError, FetchRefusedError, Reason
from lambdas.http.request import Answer, Request

__all__ = ["Answer", "FetchError", "FetchFailedError", "FetchRefusedError", "Http", "Limits", "Reason", "Request"]
