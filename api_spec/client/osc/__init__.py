"""Commands of `openstack database` beyond those of python-troveclient."""
