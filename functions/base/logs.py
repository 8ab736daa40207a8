"""Structured logs: one JSON object a line on standard output, with the ids of the current call."""

import logging
import sys
from functools import lru_cache

import structlog
from structlog.typing import FilteringBoundLogger

from functions.base.settings import get_settings


@lru_cache(maxsize=1)
def configure() -> None:
    """Configure structlog; further calls do nothing."""
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
    """Return the process's logger, configured."""
    configure()
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger
