"""The file formats: ``parquet`` writes and checks the series, ``mapped`` reads them without a copy, ``sidecar`` has the
truth and the metadata.
"""
