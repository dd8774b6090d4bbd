"""An index on Milvus, for more readers, writers and passages than a folder serves.

`address` reads where it is, `client` connects, `faults` says why it cannot, `schema` has the
collections, `rows` what is in them, `versions` which passages are visible, `reader` reads and
searches, `writer` writes, and `workers` write together. Needs the extra `milvus`.
"""
