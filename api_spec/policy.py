"""Prints the sample policy file: every rule with its default, commented out, as oslopolicy-sample-generator does.

`python -m api_spec.policy` needs no entry points of the package, so it works from a checkout.
"""

import sys

from oslo_policy import generator

from functions.entrypoint.policy import list_rules

HEADER = "# Generated from the rules and api_spec/v1.0/openapi.yaml by `python -m api_spec.generate`; do not edit.\n"


def render_policy() -> str:
    """Return the sample policy file."""
    sections = generator._sort_and_format_by_section({"trove": list_rules()})
    return "\n".join([HEADER, *"".join(sections).strip().split("\n")]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render_policy())
