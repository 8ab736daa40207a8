"""Commands of `openstack` for what goes beyond Trove, below the names that `openstack database` has already."""
