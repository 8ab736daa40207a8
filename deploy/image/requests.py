"""Parses requests, and answers those that the server refuses before the application gets them."""

import json
import uuid
from typing import ClassVar

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import BadRequest

REASONS = {
    400: ("Bad Request", "badRequest"),
    408: ("Request Timeout", "requestTimeout"),
    413: ("Request Entity Too Large", "overLimit"),
    431: ("Request Header Fields Too Large", "overLimit"),
    500: ("Internal Server Error", "instanceFault"),
    501: ("Not Implemented", "notImplemented"),
    503: ("Service Unavailable", "serviceUnavailable"),
}
"""Reason phrase and name of the fault, by status."""


def fault(status: int, message: str) -> tuple[bytes, list[tuple[str, str]]]:
    """Return the body and headers of an error in the API's form."""
    body = json.dumps({REASONS[status][1]: {"code": status, "message": message}}, separators=(",", ":")).encode()
    headers = [("Content-Type", "application/json"), ("x-openstack-request-id", f"req-{uuid.uuid4()}")]
    return body, headers


def closing_response(status: int, message: str) -> bytes:
    """Return a whole HTTP response with an error, after which the connection is closed."""
    body, headers = fault(status, message)
    lines = [*headers, ("Content-Length", str(len(body))), ("Connection", "close")]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"HTTP/1.1 {status} {REASONS[status][0]}\r\n{head}\r\n".encode() + body


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """waitress's parser, which also refuses requests that a proxy may read differently (request smuggling)."""

    empty = False

    def received(self, data: bytes) -> int:
        """Parse bytes of the request; return how many belong to it."""
        consumed: int = super().received(data)
        if self.empty:
            self.empty, self.error = False, BadRequest("There is no request line.")
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and headers. Raises ParsingError if they are ambiguous or not HTTP."""
        lines = [line.partition(b":") for line in header_plus.split(b"\r\n")[1:]]
        names = [name.lower() for name, _, _ in lines]
        encodings = [value.strip(b" \t").lower() for name, _, value in lines if name.lower() == b"transfer-encoding"]
        if names.count(b"content-length") + len(encodings) > 1:
            raise ParsingError("Content-Length and Transfer-Encoding together, or one of them twice.")
        if names.count(b"host") > 1:
            raise ParsingError("There are two Host headers.")
        super().parse_header(header_plus)
        if encodings and (encodings != [b"chunked"] or self.version != "1.1"):
            raise ParsingError("Transfer-Encoding is not understood: send chunked, in HTTP/1.1.")


class FaultTask(ErrorTask):  # type: ignore[misc]
    """Answers a refused request with an error in JSON."""

    _messages: ClassVar = {
        413: "The request body is larger than the {limits.body_bytes} bytes that are read.",
        431: "The request line and headers are larger than the {limits.header_bytes} bytes that are read.",
        500: "Internal Server Error.",
    }

    def execute(self) -> None:
        """Write the response and have the connection closed after it."""
        error = self.request.error
        message = self._messages.get(error.code, error.body).format(limits=self.channel.server.limits)
        body, headers = fault(error.code, message)
        self.version, self.status = "1.1", f"{error.code} {error.reason}"
        self.response_headers.extend(headers)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
