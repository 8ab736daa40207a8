"""`trovectl status --watch`: services, running operations, hosts and rates, looked at each second.

collect.py reads the figures from the cloud, rates.py makes rates of totals, screen.py draws them.
"""

from deploy.local.watch.loop import watch

__all__ = ["watch"]
