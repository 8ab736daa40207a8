"""The WSGI application of a function group: functions-framework around the group's one function.

TROVE_GROUP names the group. The entrypoint serves the REST API, the other groups serve POST /<noun.verb>.
"""

import os
from pathlib import Path

import functions_framework

import functions

_ROOT = Path(functions.__file__).parent
_ENTRYPOINT = _ROOT / "entrypoint" / "main.py"
_STEPS = _ROOT / "framework" / "adapters" / "functions_framework.py"

_IS_ENTRYPOINT = os.environ.get("TROVE_GROUP", "entrypoint") == "entrypoint"

app = functions_framework.create_app(  # type: ignore[no-untyped-call]
    target="fn", source=str(_ENTRYPOINT if _IS_ENTRYPOINT else _STEPS)
)
if _IS_ENTRYPOINT:
    from functions.entrypoint.main import application

    # the framework's own routes answer some paths in HTML (/robots.txt, any with %0A); the API answers all in JSON
    app.wsgi_app = application
