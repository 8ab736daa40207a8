"""`python -m deploy.image [module:application]`: serve a function group at HOST and PORT until SIGTERM."""

import importlib
import logging
import os
import sys

from deploy.image.limits import Limits
from deploy.image.server import Server


def main() -> None:
    """Load the application, then listen and serve."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    module, _, name = (sys.argv[1:] or ["deploy.image.wsgi:app"])[0].partition(":")
    application = getattr(importlib.import_module(module), name)
    host, port = os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))  # noqa: S104 - in a container
    Server(application, host, port, Limits()).run()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
