"""An index on Milvus, for more readers, writers and passages than a folder serves.

`address` reads where it is, `client` connects, `schema` has the collections, `rows` what is in
them, `reader` reads and searches, and `writer` writes. Needs the extra `milvus`.
"""
