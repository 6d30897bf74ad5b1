"""The protocol layer: the only importer of pygls and lsprotocol."""
