"""functions-framework around the least function, as a WSGI application."""

from pathlib import Path

import functions_framework

app = functions_framework.create_app(  # type: ignore[no-untyped-call]
    target="fn", source=str(Path(__file__).with_name("hello.py"))
)
