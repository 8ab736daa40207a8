"""Structured logs: one JSON object a line on standard output, with the ids bound for the call at hand."""

import logging
import sys
from functools import lru_cache

import structlog
from structlog.typing import FilteringBoundLogger

from functions.runtime.settings import get_settings


@lru_cache(maxsize=1)
def configure() -> None:
    """Set up structlog for this process, once."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[get_settings().log_level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )


def get_logger() -> FilteringBoundLogger:
    """The process's logger."""
    configure()
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger
