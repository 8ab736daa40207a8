"""Resolve a template with Heat's own code, without any service: `python -m tests.support.heat_render < request`.

The request is JSON: {"template": text, "parameters": [{...}, ...]}. The answer has for each set of parameters the
properties of each resource, where a reference to a resource is its name and an attribute is null.
"""

import json
import sys


def render(text: str, parameters: dict[str, object]) -> dict[str, object]:
    """The resolved properties of every resource; their names are checked against the resource's schema."""
    from heat.common import context, template_format
    from heat.engine import environment, stack, template

    parsed = template.Template(template_format.parse(text), env=environment.Environment({"parameters": parameters}))
    made = stack.Stack(context.RequestContext(project_id="service", user_id="trove"), "render", parsed)
    made.t.validate()
    made.t.conditions(made).validate()
    for resource in made.values():
        resource.properties.validate(with_value=False)
    return {name: resource.t.freeze()._properties for name, resource in made.items()}


def main() -> None:
    """Entry point."""
    from heat.engine import resources
    from oslo_config import cfg

    cfg.CONF(args=[], project="heat", default_config_files=[])
    resources.initialise()
    request = json.load(sys.stdin)
    print(json.dumps([render(request["template"], parameters) for parameters in request["parameters"]]))


if __name__ == "__main__":
    main()
