"""Code that travels to a host in a zipapp: jobs, streams and the Engine contract. Standard library only, Python 3.9."""
