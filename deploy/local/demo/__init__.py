"""The demonstration: create, fill, back up, restore, compare - through the REST API, as a tenant would."""

from deploy.local.demo.scenario import run_demo

__all__ = ["run_demo"]
