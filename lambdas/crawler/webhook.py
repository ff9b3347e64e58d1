"""A task's pages, sent to an address instead of the landing. A header may end with a secret, which is shown nowhere.

It is sent up to three times, the same bytes under the same ``Idempotency-Key``; redirects are not followed, since they
would carry the pages, and what a header holds, to where nobody said.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from lambdas.crawler.model import Secret, Task, Webhook
from lambdas.crawler.result import PageRead, dumped
from lambdas.crawler.robots import Sends
from lambdas.http import Request
from tapehouse.keys import SecretsClient, key

TRIES: Final = 3


def send(
    task: Task, webhook: Webhook, pages: list[PageRead], *, http: Sends, secrets: Callable[[], SecretsClient]
) -> int:
    """The status that it was taken with.

    Raises SecretUnavailableError, and the client's errors: FetchFailedError after the last try, FetchRefusedError.
    """
    body = dumped({"task": task.name, "kind": task.kind, "pages": [page.body(task) for page in pages]})
    hidden: list[str] = []
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": hashlib.sha256(body).hexdigest(),
        **{name: _value(task, name, said, secrets, hidden) for name, said in webhook.headers.items()},
    }
    request = Request(
        url=webhook.url,
        method="POST",
        headers=headers,
        body=body,
        name=f"webhook of {task.name}",
        secrets=tuple(hidden),
    )
    return http.send(request).status


def _value(task: Task, name: str, said: str | Secret, secrets: Callable[[], SecretsClient], hidden: list[str]) -> str:
    if isinstance(said, str):
        return said
    setting = f"the header {name} of task {task.name}"
    held = key("", said.name, direct_setting=setting, setting=setting, client=secrets)
    hidden.append(held)
    return f"{said.before}{held}"
