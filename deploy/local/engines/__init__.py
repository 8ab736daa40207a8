"""The programs of the datastores' engines on this machine: fetched without root, and looked for."""
