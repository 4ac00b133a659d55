"""The file formats.

``parquet`` writes the series and checks them, ``layout`` says where they lie in the file, ``mapped`` reads them without
a copy, and ``sidecar`` has the truth and the metadata.
"""
