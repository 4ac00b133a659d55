"""The datasets on disk.

A dataset is an entry, a directory with a Parquet file, its truth and its metadata (``entries``, in the file formats of
``format``), which is seen whole or not at all and is compared with its digests whenever it is read. Many small entries
can be packed into a few large files (``packing``), and a store can be copied to and from object storage (``remote``).
``cache.Store`` is what everything else uses; it finds a dataset in whichever form it is there.
"""
