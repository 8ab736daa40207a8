"""A proxy between Mistral and the function services: calls steps twice, at once, or answers that they failed.

A rule knows a call by its step and, where there are several, what it is about: "job.run upgrade".

Faults are made on the wire, so that the product's own code runs unchanged on both sides of it.
"""

import base64
import json
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

Reply = dict[str, Any]
Forward = Callable[[], Reply]
Rule = Callable[[str, Forward], Reply]
TIMEOUT_SECONDS = 45


def straight(_step: str, forward: Forward) -> Reply:
    """No fault."""
    return forward()


def twice(_step: str, forward: Forward) -> Reply:
    """Every step is called two times; the second answer counts."""
    forward()
    return forward()


def twice_at_once(_step: str, forward: Forward) -> Reply:
    """Every step is called by two callers at the same time."""
    with ThreadPoolExecutor(2) as pool:
        answers = [future.result() for future in [pool.submit(forward), pool.submit(forward)]]
    return max(answers, key=lambda answer: (answer["ok"], (answer["result"] or {}).get("done", False)))


def failing(failed_step: str, *, effect: bool, others: Rule = straight) -> Rule:
    """One step answers that it failed, for good; with `effect` it has done its work before."""

    def rule(step: str, forward: Forward) -> Reply:
        if step != failed_step:
            return others(step, forward)
        if effect:
            answer = forward()
            if answer["ok"] and not answer["result"]["done"]:
                return answer
        return {
            "ok": False,
            "result": None,
            "error": {"type": "Injected", "message": "injected failure", "details": {}, "retryable": False},
        }

    return rule


class AnswerLost(Exception):
    """Raised by a rule: the caller's connection is closed without an answer."""


class Losing:
    """A rule: of each call the first answer that says it is done is lost, its work done. Keeps what was lost."""

    def __init__(self) -> None:
        self.lost: dict[str, Forward] = {}
        """By call, a late copy of it."""

    def __call__(self, step: str, forward: Forward) -> Reply:
        """Forward the call, then lose its answer or not. Raises AnswerLost."""
        answer = forward()
        if answer["ok"] and answer["result"]["done"] and step not in self.lost:
            self.lost[step] = forward
            raise AnswerLost(step)
        return answer


class StepProxy:
    """Forwards steps to the services that run them; `rules` says what happens to an operation's calls on the way."""

    def __init__(self, upstreams: dict[str, str]) -> None:
        self.rules: dict[str, Rule] = {}
        self._upstreams = upstreams
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def urls(self) -> dict[str, str]:
        """What to give Mistral in place of the real services."""
        return dict.fromkeys(self._upstreams, f"http://127.0.0.1:{self._server.server_port}")

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, step: str, body: bytes, authorization: str) -> Reply:
        """What Mistral gets for one call."""
        operation_id = _subject(authorization)
        label = called(step, json.loads(body)["input"])

        def forward() -> Reply:
            url = f"{self._upstreams[step.partition('.')[0]]}/{step}"
            headers = {"Content-Type": "application/json", "Authorization": authorization}
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=TIMEOUT_SECONDS) as reply:
                answer: Reply = json.load(reply)
            return answer

        return self.rules.get(operation_id, straight)(label, forward)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout: ClassVar[int] = 60

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    answer = proxy.answer(self.path.strip("/"), body, self.headers["Authorization"])
                except AnswerLost:
                    self.close_connection = True
                    return
                payload = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Keep the tests' output quiet."""

        return Handler


def called(step: str, arguments: dict[str, Any]) -> str:
    """What a rule knows a call by."""
    return " ".join([step, *(arguments[name] for name in ("action", "kind") if name in arguments)])


def _subject(authorization: str) -> str:
    payload = authorization.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["sub"])
