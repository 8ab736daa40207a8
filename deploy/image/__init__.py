"""The one image that every function group runs from."""
